"""Proofs under way in a session."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from core.common import clock
from core.mfa.codes import LONGEST_LIFE_SECONDS
from core.mfa.proving.kept import KeptProof, SessionProofs
from tests.support.people import START

PROOFS = SessionProofs("sample")


@pytest.fixture
def request_(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(clock, "now", lambda: START)
    return SimpleNamespace(session={})


@pytest.mark.parametrize(
    ("seconds", "counts"), [(0, True), (LONGEST_LIFE_SECONDS - 1, True), (600, False)]
)
def test_a_right_code_waits_ten_minutes_for_continue(
    request_: Any, seconds: int, *, counts: bool
) -> None:
    PROOFS.save(request_, KeptProof.new(contract=""))
    PROOFS.keep(request_, option="email", challenge=uuid4())
    assert not kept(request_).is_verified(START)
    PROOFS.keep(request_, verified=True)
    assert kept(request_).is_verified(START + timedelta(seconds=seconds)) is counts


def test_another_option_forgets_challenge_and_right_code(request_: Any) -> None:
    first = PROOFS.save(request_, KeptProof.new(contract="", target="/home/"))
    PROOFS.keep(request_, option="email", challenge=uuid4(), verified=True)
    PROOFS.keep(request_, option="phone")
    now = kept(request_)
    assert (now.option, now.challenge_id, now.is_verified(START)) == ("phone", None, False)
    assert (now.binding, now.target) == (first.binding, "/home/")


def test_what_is_not_under_way_keeps_nothing(request_: Any) -> None:
    PROOFS.keep(request_, option="phone")
    assert request_.session == {}
    request_.session["sample"] = {"binding": "x", "verified": True}
    assert PROOFS.of(request_) is None
    PROOFS.drop(request_)
    assert request_.session == {}


def kept(request: Any) -> KeptProof:
    found = PROOFS.of(request)
    assert found is not None
    return found
