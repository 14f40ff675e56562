from datetime import UTC, datetime, timedelta

import pytest

from core.notifications.signatures import sign, signature_is_valid

SECRET = "s" * 40
AT = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
BODY = b'{"message": "x", "digits": "#"}'


def valid(header: str, body: bytes = BODY, *, secret: str = SECRET, at: datetime = AT) -> bool:
    return signature_is_valid(header, body, secret=secret, at=at)


def test_a_fresh_signature_holds() -> None:
    assert valid(sign(BODY, secret=SECRET, at=AT - timedelta(seconds=299)))


@pytest.mark.parametrize("shift", [timedelta(seconds=-301), timedelta(seconds=301)])
def test_a_signature_of_another_time_does_not(shift: timedelta) -> None:
    assert not valid(sign(BODY, secret=SECRET, at=AT + shift))


def test_another_body_does_not() -> None:
    assert not valid(sign(BODY, secret=SECRET, at=AT), BODY.replace(b"#", b"1"))


def test_another_secret_does_not() -> None:
    assert not valid(sign(BODY, secret="t" * 40, at=AT))


def test_the_moment_is_signed_too() -> None:
    header = sign(BODY, secret=SECRET, at=AT - timedelta(hours=1))
    moved = f"t={int(AT.timestamp())},{header.split(',')[1]}"
    assert not valid(moved)


@pytest.mark.parametrize("header", ["", "t=1", "v1=ab", "t=x,v1=" + "0" * 64, "t=1,v1=" + "g" * 64])
def test_a_malformed_header_is_refused(header: str) -> None:
    assert not valid(header)


@pytest.mark.parametrize("secret", ["", "short"])
def test_without_a_proper_secret_nothing_holds(secret: str) -> None:
    assert not valid(sign(BODY, secret=secret, at=AT), secret=secret)


def test_the_moment_has_one_spelling() -> None:
    """Else a recorded report could come again under another one and count as a new report."""
    header = sign(BODY, secret=SECRET, at=AT)
    assert not valid(header.replace("t=", "t=0"))
