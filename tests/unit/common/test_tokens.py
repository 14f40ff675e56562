"""Tokens of links and cookies, while the deployment's keys change."""

import pytest
from pytest_django import Settings

from core.common.tokens import NewToken, has_token, new_token

FIRST, SECOND = "a" * 40, "b" * 40


def opens(fresh: NewToken, *, purpose: str = "test", token: str = "") -> bool:
    """Tell whether a token would find the row that a fresh one was stored in."""
    (condition,) = has_token(purpose, token or fresh.token).children
    assert isinstance(condition, tuple)
    return fresh.digest in condition[1]


@pytest.fixture
def first_key(settings: Settings) -> None:
    settings.PORTAL_SECRET_KEYS = {1: FIRST}


@pytest.mark.usefixtures("first_key")
def test_a_token_opens_its_own_row_for_its_own_purpose() -> None:
    fresh = new_token("test")
    assert opens(fresh)
    assert not opens(fresh, token=new_token("test").token)
    assert not opens(fresh, purpose="another")


@pytest.mark.usefixtures("first_key")
def test_a_token_outlives_a_newer_key_and_ends_with_its_own(settings: Settings) -> None:
    fresh = new_token("test")
    assert fresh.key_version == 1
    settings.PORTAL_SECRET_KEYS = {1: FIRST, 2: SECOND}
    assert opens(fresh)
    assert new_token("test").key_version == 2
    settings.PORTAL_SECRET_KEYS = {2: SECOND}
    assert not opens(fresh)


@pytest.mark.usefixtures("first_key")
def test_what_is_kept_does_not_tell_the_token() -> None:
    fresh = new_token("test")
    assert fresh.token.encode() not in fresh.digest
    assert len(fresh.token) == 43
