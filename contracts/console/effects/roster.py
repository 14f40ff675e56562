"""What a publication does to the entries of the present roster. Needs the contract in hand."""

from datetime import datetime
from typing import Any, Final

from django.db import connection

from contracts.console.effects.claims import ENTRIES, Condition, by_issued_code, claimable
from contracts.console.effects.facts import RosterEffects, Unmatched
from contracts.roster.selectors import issues_codes
from tenants.configuration.document import ProgramIdRule, RegistrationSection

_EXAMPLES: Final = 20
_UNMATCHED: Final = f"""
WITH gone AS MATERIALIZED (
  SELECT name, identifier, id FROM {ENTRIES} AS entry WHERE {{before}} AND {{after}}
), first AS (SELECT * FROM gone ORDER BY name COLLATE "C", id LIMIT {{examples}})
SELECT (SELECT count(*) FROM gone), name, identifier FROM first ORDER BY name COLLATE "C", id
"""  # noqa: S608
_NEED_CODE: Final = f"""
SELECT count(*) FROM {ENTRIES} AS entry WHERE {{before}} AND {{after}} AND NOT EXISTS (
  SELECT FROM contracts_roster_issuedcode AS code WHERE code.entry_id = entry.id
  AND code.revoked_at IS NULL AND code.expires_at > %s AND code.uses < code.max_uses)
"""  # noqa: S608
_PRESENT: Final = "SELECT count(*) FROM contracts_roster_rosterentry WHERE removed_at IS NULL"


def roster_effects(
    before: RegistrationSection, after: RegistrationSection, *, at: datetime
) -> RosterEffects:
    """Return what another rule does to the roster; nothing is asked where none of it changes."""
    unmatched, examples = 0, tuple[Unmatched, ...]()
    if _decides(before) != _decides(after):
        unmatched, examples = _unmatched(claimable(before), ~claimable(after))
    needs_codes = isinstance(before.rule, ProgramIdRule) and issues_codes(after)
    return RosterEffects(
        unmatched=unmatched,
        examples=examples,
        need_code=_need_code(before, after, at) if needs_codes else 0,
        keys_change=_number(_PRESENT, ()) if before.unit != after.unit else 0,
    )


def _decides(registration: RegistrationSection) -> tuple[object, ...]:
    """What decides about which entries can be registered at all."""
    rule = registration.rule
    own: Any = rule.pattern if isinstance(rule, ProgramIdRule) else None
    return (
        rule.family,
        own,
        getattr(rule, "facts", ()),
        issues_codes(registration),
        registration.identifier_types,
        registration.check_npi,
        registration.without_npi,
        registration.without_code,
        registration.provider_types,
    )


def _unmatched(before: Condition, after: Condition) -> tuple[int, tuple[Unmatched, ...]]:
    statement = _UNMATCHED.format(before=before.text, after=after.text, examples=_EXAMPLES)
    with connection.cursor() as cursor:
        cursor.execute(statement, (*before.values, *after.values))
        rows = cursor.fetchall()
    examples = tuple(Unmatched(name, identifier) for _, name, identifier in rows)
    return (rows[0][0] if rows else 0), examples


def _need_code(before: RegistrationSection, after: RegistrationSection, at: datetime) -> int:
    former, later = claimable(before), by_issued_code(after) & claimable(after)
    statement = _NEED_CODE.format(before=former.text, after=later.text)
    return _number(statement, (*former.values, *later.values, at))


def _number(statement: str, values: tuple[Any, ...]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.fetchone()[0])
