"""Telephone numbers: what is taken, what is refused, how they are shown."""

import re

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.common.phones import PhoneNumberError, format_us_phone, parse_us_phone
from tests.support.naive import fails_with


@pytest.mark.parametrize(
    "typed",
    [
        "3045550123",
        "304-555-0123",
        "(304) 555-0123",
        "304.555.0123",
        " 304 555 0123 ",
        "1-304-555-0123",
        "+1 304 555 0123",
        "304\u2013555\u20130123",
    ],
)
def test_ways_to_write_one_number(typed: str) -> None:
    assert parse_us_phone(typed) == "+13045550123"


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "nothing"),
        ("555-0123", "seven digits"),
        ("304-555-01234", "eleven digits without the country code"),
        ("304-555-0123 x12", "an extension"),
        ("304-555-0123 ext. 12", "an extension in words"),
        ("304-555-CARE", "letters"),
        ("900-555-0123", "a premium area code"),
        ("304-976-5555", "a premium exchange"),
        ("044-555-0123", "an area code that cannot be"),
        ("304-155-0123", "an exchange that cannot be"),
        ("876-555-0123", "Jamaica"),
        ("+44 20 7946 0000", "another country"),
        ("٣٠٤٥٥٥٠١٢٣", "digits of another script"),
        ("3" * 10_000, "ten thousand characters"),
        ("304\x00555\x000123", "control characters"),
    ],
)
def test_refused(typed: str, reason: str) -> None:
    with pytest.raises(PhoneNumberError):
        parse_us_phone(typed)


@given(st.text())
def test_any_text_is_a_number_or_a_refusal(text: str) -> None:
    try:
        number = parse_us_phone(text)
    except PhoneNumberError:
        return
    assert len(number) == 12
    assert parse_us_phone(format_us_phone(number)) == number


@pytest.mark.parametrize(
    ("stored", "shown"),
    [("+13045550123", "304-555-0123"), ("", ""), ("+442079460000", "+442079460000")],
)
def test_format(stored: str, shown: str) -> None:
    assert format_us_phone(stored) == shown


@pytest.mark.parametrize(
    ("typed", "looked_up", "naive"),
    [
        ("304-555-0123 x12", "_ten_digits", lambda text: re.sub(r"\D", "", text)[:10]),
        ("876-555-0123", "phonenumbers.region_code_for_number", lambda _number: "US"),
        ("304-976-5555", "_PREMIUM_EXCHANGE", ""),
        (
            "900-555-0123",
            "phonenumbers.number_type",
            lambda _number: phonenumbers.PhoneNumberType.FIXED_LINE,
        ),
    ],
)
def test_any_ten_digits_would_be_called(typed: str, looked_up: str, naive: object) -> None:
    """The naive way: ten digits are a number, whatever stands around them and wherever it rings."""
    fails_with(
        f"core.common.phones.{looked_up}",
        naive,
        lambda: test_refused(typed, ""),
        where="with pytest.raises(PhoneNumberError)",
    )
