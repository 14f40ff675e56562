"""Password rules, one by one."""

import pytest
from django.contrib.auth.hashers import make_password

from core.accounts.models import User
from core.accounts.passwords.rules import (
    LONGEST_PASSWORD,
    PasswordRules,
    blocked_words,
    broken_rules,
    describe_rules,
    normalize_password,
)
from core.accounts.services import sign_in
from tests.support.naive import fails_with

FOUR = PasswordRules(min_length=14, classes=("upper", "lower", "digit", "special"))
LONG = PasswordRules(min_length=15)


@pytest.mark.parametrize(
    ("password", "rules"),
    [
        ("Blue-lantern 47 rivers", FOUR),
        ("Aa1!Aa1!bcdefg", FOUR),
        ("correct horse battery staple", LONG),
        ("パスワードではない長い言葉です。雨", LONG),
        ("x9" + "ab7q" * 31 + "zz", LONG),
    ],
)
def test_accepted(password: str, rules: PasswordRules) -> None:
    assert broken_rules(password, rules=rules, words=()) == []


@pytest.mark.parametrize(
    ("password", "part"),
    [
        ("Blue-lamp 47", "at least 14 characters"),
        ("blue-lantern 47 rivers", "upper-case"),
        ("BLUE-LANTERN 47 RIVERS", "lower-case"),
        ("Blue-lantern in rivers", "number"),
        ("Bluelantern47rivers", "special"),
        ("Password123456!", "common"),
        ("P@ssw0rd!!2026!!", "common"),
        ("Sunshine-Sunshine-1!"[:0] + "Sunshinesunshine1!", "common"),
        ("Qwertyuiop12345!", "common"),
    ],
)
def test_refused_with_the_rule_named(password: str, part: str) -> None:
    assert part in " ".join(broken_rules(password, rules=FOUR, words=()))


def test_longest_is_accepted_and_one_more_is_not() -> None:
    password = ("Blue-lantern 47 " * 8)[:LONGEST_PASSWORD]
    assert broken_rules(password, rules=FOUR, words=()) == []
    assert "at most 128" in broken_rules(password + "x", rules=FOUR, words=())[0]


@pytest.mark.parametrize(
    "password", ["My-Kepro-Portal-47", "K3pr0 is my 47 Home!", "Haddad and 47 lamps!"]
)
def test_own_names_and_the_portals_are_blocked_in_any_spelling(password: str) -> None:
    words = blocked_words("Kepro", "Noor Haddad")
    assert "contains your name" in broken_rules(password, rules=FOUR, words=words)[0]


def test_short_words_block_nothing() -> None:
    assert blocked_words("Al", "the BH of WV") == set()


def test_every_keyboard_types_the_same_password() -> None:
    composed, decomposed = "caf\u00e9 lantern rivers", "cafe\u0301 lantern rivers"
    assert normalize_password(composed) == normalize_password(decomposed)


def test_rules_are_listed_before_anything_is_typed() -> None:
    keys = [key for key, _ in describe_rules(FOUR)]
    assert keys[:5] == ["length:14", "upper", "lower", "digit", "special"]
    assert keys[-1] == "match"
    assert [key for key, _ in describe_rules(LONG)][:2] == ["length:15", "other"]


def nothing_is_cut_off() -> None:
    longest = ("Blue-lantern 47 " * 8)[:LONGEST_PASSWORD]
    user = User(password=make_password(normalize_password(longest)))
    assert sign_in.password_matches(user, longest)
    assert not sign_in.password_matches(user, longest[:-1] + "x")
    assert not sign_in.password_matches(user, longest + "x")


def test_nothing_is_cut_off() -> None:
    nothing_is_cut_off()


def test_a_comparison_of_the_first_128_would_cut_off() -> None:
    """The naive way: what is too long is made shorter."""

    def naive(user: User, password: str) -> bool:
        return user.check_password(normalize_password(password[:LONGEST_PASSWORD]))

    fails_with(
        "core.accounts.services.sign_in.password_matches",
        naive,
        nothing_is_cut_off,
        where='assert not sign_in.password_matches(user, longest + "x")',
    )
