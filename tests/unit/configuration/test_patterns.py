"""Patterns of codes: what programs need is allowed, what could run away is not."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.configuration.patterns import check_pattern
from tenants.configuration.registration import ProgramIdRule

ONE = st.sampled_from(["A", "7", "[A-Z]", "[0-9]", "[A-C3]", "\\d"])
COUNT = st.sampled_from(["", "+", "*", "{2}", "{9}", "?", "{1,4}", "{0,64}"])
PART = st.one_of(
    st.builds(str.__add__, ONE, COUNT),
    st.just("(?:MD|VA)"),
    st.just("(A{2}|B)"),
    st.just("(7)?"),
    st.just("|"),
)


@pytest.mark.parametrize(
    "pattern",
    [
        "[0-9]{10}",
        "[0-9]{6,10}",
        "[A-Z][0-9]{9}",
        "WV\\d{7}",
        "(?:MD|VA)[0-9]{4}[A-Z]?",
        "A",
        "[0-9A-Z]+",
    ],
)
def test_what_programs_write_is_allowed(pattern: str) -> None:
    assert check_pattern(pattern) == pattern


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("(A+)+B", "“(A+)+B”"),
        (".{9}", "“.{9}”"),
        ("(?:A|B){9}", "“{9}”"),
        ("(?:A?|B)", "“(?:A?|B)”"),
        ("(A)\\1", "cannot be used"),
        ("(?=A)A", "cannot be used"),
        ("[^A]", "“[^A]”"),
        ("A{999}", "“{999}”"),
        ("a{{7*7}}", "cannot be used"),
        ("A?" * 30 + "A{30}", "30 parts"),
        ("(A|AA)" * 4, "4 parts"),
        ("[0-9", "not a regular expression"),
    ],
)
def test_what_could_run_away_is_refused_with_its_place(pattern: str, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        ProgramIdRule(pattern=pattern)


@given(st.lists(PART, max_size=8).map("".join), st.text("A7B", max_size=64))
def test_the_work_stays_small_whatever_is_typed(pattern: str, typed: str) -> None:
    """Count the ways to divide the text, which is what a matcher tries at the most."""
    try:
        check_pattern(pattern)
    except ValueError:
        return
    assert tries(pattern, typed + "!") < 300_000


def tries(pattern: str, typed: str) -> int:
    """Return how many beginnings a matcher that goes back one step at a time looks at."""
    parts = re.findall(r"(?:\([^)]*\)|\[[^]]*\]|\\d|.)(?:\{[^}]*\}|[?+*])?", pattern)
    ends, looked = {0: 1}, 0
    for part in parts:
        if part == "|":
            ends = {0: 1}
            continue
        following: dict[int, int] = {}
        for start, ways in ends.items():
            for end in range(start, len(typed) + 1):
                if re.fullmatch(part, typed[start:end]):
                    following[end] = following.get(end, 0) + ways
        looked += sum(following.values())
        ends = following
    return looked
