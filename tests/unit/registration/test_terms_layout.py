"""Run-in titles of the terms of use are told from sentences."""

import pytest

from contracts.registration.terms import split_title


@pytest.mark.parametrize(
    ("paragraph", "title"),
    [
        ("Your account. One account belongs to one person.", "Your account"),
        ("Changes and questions. When these terms change, you see them.", "Changes and questions"),
        ("By ticking the box and continuing you accept them. They hold.", ""),
        ("If you agree, continue. Otherwise leave.", ""),
        ("One sentence alone.", ""),
        ("No end", ""),
        ("", ""),
    ],
)
def test_a_short_first_sentence_is_a_title(paragraph: str, title: str) -> None:
    found, rest = split_title(paragraph)
    assert found == title
    assert (f"{found}. {rest}" if found else rest) == paragraph
