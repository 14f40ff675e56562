"""The steps of MFA registration."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from core.mfa.policies import accepts
from core.mfa.registering.states import Step, may_visit, pending_step
from core.mfa.wording import life_in_words

DONE = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass
class Progress:
    method: str = ""
    email_verified_at: datetime | None = None
    password_hash: str = ""
    phone_verified_at: datetime | None = None
    totp_verified_at: datetime | None = None
    passkey_verified_at: datetime | None = None


@pytest.mark.parametrize(
    ("progress", "step"),
    [
        (Progress(), Step.METHOD),
        (Progress("phone"), Step.EMAIL),
        (Progress("phone", DONE), Step.PASSWORD),
        (Progress("phone", DONE, "hash"), Step.PHONE),
        (Progress("phone", DONE, "hash", DONE), Step.COMPLETE),
        (Progress("email", DONE, "hash"), Step.COMPLETE),
        (Progress("phone", None, "hash", DONE), Step.EMAIL),
        (Progress("totp", DONE), Step.PASSWORD),
        (Progress("totp", DONE, "hash", DONE), Step.APP),
        (Progress("totp", DONE, "hash", None, DONE), Step.COMPLETE),
        (Progress("passkey", DONE, "hash", None, DONE), Step.PASSKEY),
        (Progress("passkey", DONE, "hash", None, None, DONE), Step.COMPLETE),
    ],
)
def test_pending_step(progress: Progress, step: Step) -> None:
    assert pending_step(progress) is step


def test_what_may_be_visited() -> None:
    progress = Progress("phone", DONE, "hash")
    visitable = {step for step in Step if may_visit(progress, step)}
    assert visitable == {Step.METHOD, Step.EMAIL, Step.PHONE}
    assert not may_visit(Progress(), Step.EMAIL)
    app = Progress("totp", DONE, "hash")
    assert {step for step in Step if may_visit(app, step)} == {Step.METHOD, Step.EMAIL, Step.APP}
    assert {step for step in Step if may_visit(Progress("email", DONE, "h"), step)} == {
        Step.COMPLETE
    }


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(30, "30 seconds"), (60, "1 minute"), (300, "5 minutes"), (61, "1 minute 1 second")],
)
def test_life_in_words(seconds: int, words: str) -> None:
    assert life_in_words(seconds) == words


@pytest.mark.parametrize(
    ("methods", "used", "accepted"),
    [
        (("phone",), ("password", "sms"), True),
        (("phone",), ("password", "voice"), True),
        (("phone",), ("password", "email"), False),
        (("email", "phone"), ("password", "email"), True),
        (("totp",), ("password", "email", "sms"), False),
        (("password",), (), False),
        (("totp",), ("password", "totp"), True),
        (("passkey",), ("password", "totp"), False),
        (("passkey", "totp"), ("password", "recovery"), True),
        (("passkey",), ("password", "recovery"), False),
        (("totp",), ("remembered_totp",), True),
    ],
)
def test_a_contract_accepts_what_it_offers(
    methods: tuple[str, ...], used: tuple[str, ...], accepted: bool
) -> None:
    assert accepts(methods, used) is accepted
