"""What a password must be. No database, no clock; the block lists are files.

The rules come from the effective policy (length, classes) and from account-security.md (block
list, longest accepted, no truncation, any Unicode). The page shows each rule before anything is
typed and ticks it off, so every rule has a key that the page's script knows too.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from core.accounts.passwords.block_lists import is_common, was_breached

LONGEST_PASSWORD = 128
_SHORTEST_BLOCKED_WORD = 4
_SHORTEST_COMMON_WORD = 5
_LOOK_ALIKES = str.maketrans("013457@$!|", "oleastasii")
_CLASS_RULES = {
    "upper": "An upper-case letter",
    "lower": "A lower-case letter",
    "digit": "A number",
    "special": "A special character, such as ! # or %",
}


@dataclass(frozen=True)
class PasswordRules:
    """The part of a policy that passwords are checked by."""

    min_length: int
    classes: tuple[str, ...] = ()


def describe_rules(rules: PasswordRules) -> list[tuple[str, str]]:
    """Return every rule as (key, words) in the order in which the page lists them.

    The keys are those that the page's script ticks off (components/password_rules.html).
    """
    listed = [(f"length:{rules.min_length}", f"At least {rules.min_length} characters")]
    listed += [(name, text) for name, text in _CLASS_RULES.items() if name in rules.classes]
    listed.append(("other", "Not a common password, nor one from a data breach"))
    listed.append(("other", "Without your name, your e-mail address or the name of the portal"))
    listed.append(("match", "The same in both fields"))
    return listed


def normalize_password(password: str) -> str:
    """Return the form that is hashed: NFKC, so that every keyboard types the same password."""
    return unicodedata.normalize("NFKC", password)


def broken_rules(password: str, *, rules: PasswordRules, words: Iterable[str]) -> list[str]:
    """Return a sentence for each rule that a password breaks; an empty list accepts it.

    `words` are what the password may not be built on: the person's own names and those of the
    portal and contract (`blocked_words`).
    """
    normal = normalize_password(password)
    problems = []
    if len(normal) < rules.min_length:
        problems.append(
            f"Use at least {rules.min_length} characters; this password has {len(normal)}."
        )
    if len(normal) > LONGEST_PASSWORD:
        problems.append(f"Use at most {LONGEST_PASSWORD} characters.")
    missing = [name for name in _CLASS_RULES if name in rules.classes and not _has(normal, name)]
    problems += [f"Add {_with_small_article(_CLASS_RULES[name])}." for name in missing]
    if not problems and _is_common(normal):
        problems.append("This password is on the list of common ones. Choose another.")
    if not problems and was_breached(normal):
        problems.append("This password is known from a data breach. Choose another.")
    if not problems and _contains_a_word(normal, words):
        problems.append(
            "The password contains your name, your e-mail address or the name of the portal. "
            "Choose another."
        )
    return problems


def blocked_words(*texts: str) -> set[str]:
    """Return the words of some texts that are long enough to block a password by."""
    found: set[str] = set()
    for text in texts:
        found.update(
            word
            for word in re.split(r"[^\w]+|_", text.casefold())
            if len(word) >= _SHORTEST_BLOCKED_WORD
        )
    return found


def _with_small_article(text: str) -> str:
    return text[0].lower() + text[1:]


def _has(password: str, name: str) -> bool:
    return any(_character_is(character, name) for character in password)


def _character_is(character: str, name: str) -> bool:
    match name:
        case "upper":
            return character.isupper()
        case "lower":
            return character.islower()
        case "digit":
            return character.isdigit()
    return not character.isalnum() and not character.isspace()


def _contains_a_word(password: str, words: Iterable[str]) -> bool:
    plain = password.casefold()
    read = plain.translate(_LOOK_ALIKES)
    return any(word in plain or word in read for word in words)


def _is_common(password: str) -> bool:
    """Tell whether a password is a common one, or one with a tail, look-alikes or repeated."""
    plain = password.casefold()
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
    read = plain.translate(_LOOK_ALIKES)
    forms = {plain, core, core.translate(_LOOK_ALIKES), _letters(plain), _letters(read)}
    # A common word with a long random tail is not a common password: the form must be most of it.
    return any(is_common(_unit(form)) for form in forms if len(form) * 2 >= len(password))


def _letters(text: str) -> str:
    return "".join(character for character in text if character.isalpha())


def _unit(text: str) -> str:
    """Return the piece that a text repeats, or the text: `passwordpassword` is `password`."""
    place = (text + text).find(text, 1)
    unit = text[:place]
    return unit if len(unit) >= _SHORTEST_COMMON_WORD or place == len(text) else text
