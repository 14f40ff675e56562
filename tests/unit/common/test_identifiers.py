"""Identifiers: the comparison form and the NPI's check digit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.common.identifiers import normalize, npi_check_digit, npi_is_valid

nine_digits = st.from_regex(r"[12][0-9]{8}", fullmatch=True)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("1234567893", "1234567893"),
        (" 1234-567-893 ", "1234567893"),
        ("123.456.7893", "1234567893"),
        ("00 12 345", "0012345"),
        ("ab-12", "AB12"),
        ("ab\u201312\u200b", "AB12"),
        ("1234567893\ufeff\r\n", "1234567893"),
        ("12\x0034", "1234"),
        ("１２３４", "1234"),
        ("", ""),
    ],
)
def test_normalize(typed: str, expected: str) -> None:
    assert normalize(typed) == expected


@given(st.text())
def test_normalizing_twice_changes_nothing_more(text: str) -> None:
    assert normalize(normalize(text)) == normalize(text)


@given(st.characters(max_codepoint=0x7F))
def test_plain_characters_are_treated_as_in_mixed_text(character: str) -> None:
    assert normalize(character) + "Ж" == normalize(character + "Ж")


@given(st.text(), st.sampled_from([" ", ".", "-", "\u2013", "\u00a0", "\t"]), st.data())
def test_a_separator_anywhere_changes_nothing(
    text: str, separator: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(text)))
    assert normalize(text[:place] + separator + text[place:]) == normalize(text)


@given(st.from_regex(r"0{1,4}[0-9A-Z]{1,12}", fullmatch=True))
def test_leading_zeros_stay(code: str) -> None:
    assert normalize(code) == code


@given(st.from_regex(r"[0-9A-Za-z]{1,12}", fullmatch=True))
def test_case_does_not_matter(code: str) -> None:
    assert normalize(code.lower()) == normalize(code.upper())


@pytest.mark.parametrize("number", ["1234567893", "1000000004", "1234-567-893", " 1234567893"])
def test_valid_npis(number: str) -> None:
    assert npi_is_valid(number) == (normalize(number)[-1] == npi_check_digit(normalize(number)[:9]))
    assert npi_is_valid(number)


@pytest.mark.parametrize(
    "number",
    [
        "1234567890",
        "123456789",
        "12345678930",
        "3234567896",
        "0234567893",
        "12345A7893",
        "",
        "١٢٣٤٥٦٧٨٩٣",
    ],
)
def test_invalid_npis(number: str) -> None:
    assert not npi_is_valid(number)


@given(nine_digits)
def test_exactly_one_check_digit_fits(body: str) -> None:
    fitting = [digit for digit in "0123456789" if npi_is_valid(body + digit)]
    assert fitting == [npi_check_digit(body)]


@given(nine_digits, st.integers(0, 8), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(body: str, place: int, shift: int) -> None:
    number = body + npi_check_digit(body)
    wrong_digit = str((int(number[place]) + shift) % 10)
    assert not npi_is_valid(number[:place] + wrong_digit + number[place + 1 :])


@pytest.mark.parametrize("body", ["", "12345678", "1234567890", "12345678x"])
def test_a_check_digit_needs_nine_digits(body: str) -> None:
    with pytest.raises(ValueError, match="nine digits"):
        npi_check_digit(body)
