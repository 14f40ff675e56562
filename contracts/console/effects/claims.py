"""Which roster entries a rule lets anybody register, as a condition that the database works out.

The same as asking `check_input` and the rule's way for each entry with its own values; dates and
issued codes, which change by themselves, are left out (`tests/integration/console/test_effects.py`
compares the two).
"""

from dataclasses import dataclass
from typing import Any, Final

from core.common.identifiers import IdentifierType
from tenants.configuration.document import (
    IssuedCodeRule,
    KnowledgeProofRule,
    ProgramIdRule,
    RegistrationSection,
)

_NAMED_BY_CODE: Final = (
    f"(identifier_type = '{IdentifierType.PROGRAM_ID.value}'"
    " AND (identifier = '' OR identifier = code))"
)


@dataclass(frozen=True)
class Condition:
    """A part of a statement about the columns of a roster entry, and its values."""

    text: str
    values: tuple[Any, ...] = ()

    def __and__(self, other: "Condition") -> "Condition":
        return Condition(f"({self.text} AND {other.text})", (*self.values, *other.values))

    def __or__(self, other: "Condition") -> "Condition":
        return Condition(f"({self.text} OR {other.text})", (*self.values, *other.values))

    def __invert__(self) -> "Condition":
        return Condition(f"NOT coalesce({self.text}, false)", self.values)


_NEVER: Final = Condition("false")
_ALWAYS: Final = Condition("true")
_HAS_NUMBER: Final = Condition(f"(NOT {_NAMED_BY_CODE} AND identifier <> '')")
_BY_CODE: Final = Condition(_NAMED_BY_CODE)
_HAS_NPI: Final = Condition("has_npi")


_PAIRS: Final = [
    (2 * (pair // 10)) // 10 + (2 * (pair // 10)) % 10 + pair % 10 for pair in range(100)
]
"""What two digits of an NPI add to Luhn's sum, the first of them doubled."""
_PREFIX_SUM: Final = 24
"""What the prefix 80840 adds."""


def is_npi(column: str) -> str:
    """Return whether a column is an NPI as `npi_is_valid` says, two digits at a time."""
    places = (8, 6, 4, 2, 0)
    pairs = [f"('{{{{{','.join(map(str, _PAIRS))}}}}}'::int[])" for _ in places]
    sums = [
        f"{pair}[1 + ({column}::bigint / {10**place}) %% 100]"
        for pair, place in zip(pairs, places, strict=True)
    ]
    return (
        f"CASE WHEN {column} COLLATE \"C\" ~ '^[12][0-9]{{{{9}}}}$'"
        f" THEN ({_PREFIX_SUM} + {' + '.join(sums)}) %% 10 = 0 ELSE false END"
    )


ENTRIES: Final = f"""(
  SELECT *, {is_npi("identifier")} AS has_npi FROM contracts_roster_rosterentry
  WHERE removed_at IS NULL OFFSET 0
)"""  # noqa: S608
"""The present entries, of each of which the check digit is reckoned once (OFFSET sees to it)."""


def claimable(registration: RegistrationSection) -> Condition:
    """Return which entries somebody with the right values can register under a rule."""
    match registration.rule:
        case ProgramIdRule(pattern=pattern):
            found = _by_program_id(registration, pattern)
        case IssuedCodeRule():
            found = by_issued_code(registration)
        case KnowledgeProofRule(facts=facts, issued_code_fallback=fallback):
            on_file = " AND ".join(f"{fact} IS NOT NULL" for fact in facts)
            found = _number(registration) & Condition(f"identifier <> '' AND {on_file}")
            found = found | (by_issued_code(registration) if fallback else _NEVER)
    if registration.provider_types:
        types = list(registration.provider_types)
        found = found & Condition("provider_type = ANY(%s)", (types,))
    return found


def by_issued_code(registration: RegistrationSection) -> Condition:
    """Return which entries can be claimed by an issued code at all."""
    in_both = _BY_CODE if registration.without_npi == "code_in_both" else _NEVER
    return in_both | (_HAS_NUMBER & _number(registration))


def _by_program_id(registration: RegistrationSection, pattern: str) -> Condition:
    """Return the same for the program's own numbers: each way of `program_id_way`."""
    fits = _fits(pattern)
    found = _HAS_NUMBER & Condition("code <> ''") & _number(registration) & fits
    if registration.without_npi == "code_in_both":
        found = found | (_BY_CODE & Condition("code <> ''") & (fits | _alone(registration, "code")))
    if registration.without_code == "identifier_in_both":
        lone = _HAS_NUMBER & Condition("code = ''") & _lone_number(registration)
        typed = _fits(pattern, "identifier") | _alone(registration, "identifier")
        found = found | (lone & typed)
    return found


def _alone(registration: RegistrationSection, column: str) -> Condition:
    """Return which numbers pass as a code because they stand in both fields."""
    if registration.without_code != "identifier_in_both":
        return _NEVER
    if not registration.check_npi:
        return _ALWAYS
    return _HAS_NPI if column == "identifier" else Condition(f"({is_npi(column).format()})")


def _number(registration: RegistrationSection) -> Condition:
    """Return which numbers pass the form that is asked of an identifier."""
    asks_npi = registration.check_npi and set(registration.identifier_types) == {"npi"}
    return _HAS_NPI if asks_npi else _ALWAYS


def _lone_number(registration: RegistrationSection) -> Condition:
    """Return the same where the number stands in both fields."""
    return _ALWAYS if registration.without_npi == "code_in_both" else _number(registration)


def _fits(pattern: str, column: str = "code") -> Condition:
    """Return which numbers a program's pattern fits.

    What `check_pattern` lets through says the same to PostgreSQL and to Python.
    """
    return Condition(f'{column} COLLATE "C" ~ %s', (f"^(?:{pattern})$",))
