"""Office codes: what is mistyped is no code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.groups.office_codes import ALPHABET, LENGTH, in_blocks, new_code, read_code


def test_a_new_code_is_read_as_it_is_shown_however_it_is_typed() -> None:
    code = new_code()
    assert len(code) == LENGTH
    for typed in (code, in_blocks(code), in_blocks(code).lower(), f" {code[:4]} {code[4:]}. "):
        assert read_code(typed) == code


@given(st.integers(0, LENGTH - 1), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_no_code(place: int, other: str) -> None:
    code = new_code()
    wrong = code[:place] + other + code[place + 1 :]
    assert (read_code(wrong) is None) is (other != code[place])


@given(st.integers(0, LENGTH - 2))
def test_two_characters_that_changed_places_are_no_code(place: int) -> None:
    code = new_code()
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert (read_code(swapped) is None) is (swapped != code)


@pytest.mark.parametrize("typed", ["", "2345", "I" * 12, "2" * 13, "\x00" * 12, "ß" * 12])
def test_what_has_another_form_is_no_code(typed: str) -> None:
    assert read_code(typed) is None
