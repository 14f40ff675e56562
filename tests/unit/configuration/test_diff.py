"""What a plan prints of a change."""

import pytest

from tenants.configuration.diff import Change

LONG = " ".join(f"word{number}" for number in range(60))


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("old", "new", '~ f: "old" -> "new"'),
        (3, 5, "~ f: 3 -> 5"),
        (None, "new", '+ f = "new"'),
        ("old", None, '- f = "old"'),
    ],
)
def test_short_values_stand_whole(before: object, after: object, shown: str) -> None:
    assert str(Change("f", before, after)) == shown


def test_one_word_at_the_end_of_a_long_text_is_seen() -> None:
    line = str(Change("f", f"{LONG} last", f"{LONG} final"))
    assert line == (
        '~ f: … word56 word57 word58 word59 last" -> … word56 word57 word58 word59 final"'
    )


def test_a_word_put_in_is_seen_between_its_neighbours() -> None:
    changed = LONG.replace("word30", "word30 not")
    line = str(Change("f", LONG, changed))
    before, _, after = line.partition(" -> ")
    assert "not" not in before.split()
    assert after == "… word27 word28 word29 word30 not word31 word32 word33 word34 …"


def test_what_differs_is_never_cut() -> None:
    other = LONG.replace("word", "term")
    line = str(Change("f", LONG, other))
    assert all(word in line for word in (*LONG.split(), *other.split()))


def test_other_spaces_are_named() -> None:
    line = str(Change("f", LONG, LONG.replace("word5 ", "word5\n")))
    assert "other spaces or line breaks" in line
