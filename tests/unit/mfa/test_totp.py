"""Codes of an authenticator app: the vectors of the RFCs, and the edges of the tolerance."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.mfa.authenticators import totp

SECRET = b"12345678901234567890"
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # the first second of a step


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_vectors_of_rfc_6238(seconds: int, code: str) -> None:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    assert totp.code_of(SECRET, totp.step_at(at), digits=8) == code
    assert totp.code_of(SECRET, totp.step_at(at)) == code[2:]


def test_vectors_of_rfc_4226() -> None:
    codes = [totp.code_of(SECRET, counter) for counter in range(10)]
    assert codes == [
        "755224", "287082", "359152", "969429", "338314",
        "254676", "287922", "162583", "399871", "520489",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "counts"),
    [(-31, False), (-30, True), (-1, True), (0, True), (29, True), (59, True), (60, False)],
)
def test_a_code_counts_one_step_before_and_after_its_own(seconds: int, counts: bool) -> None:
    code = totp.code_of(SECRET, totp.step_at(NOW))
    found = totp.matching_step(SECRET, code, at=NOW + timedelta(seconds=seconds))
    assert found == (totp.step_at(NOW) if counts else None)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "０１２３４５"])
def test_what_is_no_code_is_not_right(typed: str) -> None:
    assert totp.matching_step(SECRET, typed, at=NOW) is None


@given(st.binary(min_size=20, max_size=20), st.integers(0, 2**40))
def test_a_code_is_six_digits(secret: bytes, step: int) -> None:
    code = totp.code_of(secret, step)
    assert len(code) == 6
    assert code.isdigit()


def test_secrets_are_160_bits_and_differ() -> None:
    assert len(totp.new_secret()) == 20
    assert totp.new_secret() != totp.new_secret()


def test_what_the_app_reads() -> None:
    address = totp.app_address(SECRET, issuer="Sample: Org", account="dana@clinic.example")
    parts = urlsplit(address)
    query = parse_qs(parts.query)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == "/Sample  Org:dana@clinic.example"
    assert query["secret"] == [totp.typed_form(SECRET).replace(" ", "")]
    assert query["issuer"] == ["Sample  Org"]
    assert (query["digits"], query["period"], query["algorithm"]) == (["6"], ["30"], ["SHA1"])
