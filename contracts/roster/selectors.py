"""Reading a contract's roster. All of it needs the contract in hand (`contract_context`)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils.timezone import localtime

from contracts.registration.rules import EntryFacts, IssuedCodeFacts
from contracts.roster.models import IssuedCode, RosterEntry
from core.common.identifiers import IdentifierType, normalize
from core.common.ids import uuid7
from core.groups.models import Provider, ProviderStatus
from tenants.configuration.document import (
    IssuedCodeRule,
    KnowledgeProofRule,
    RegistrationSection,
)
from tenants.context import require_contract

_OF_A_CODE = [column.name for column in fields(IssuedCodeFacts)]


def find_entry(entry_id: UUID) -> RosterEntry | None:
    """Return an entry by id or None. One that later imports left out is found, too."""
    return RosterEntry.objects.filter(pk=entry_id).first()


def list_entries() -> QuerySet[RosterEntry]:
    """Return the entries of the present roster, by name."""
    return RosterEntry.objects.filter(removed_at=None).order_by("name", "id")


def list_entries_by_identifier(identifier: str) -> QuerySet[RosterEntry]:
    """Return the present entries of an identifier: several where the unit is the location.

    For rules whose facts are not in the shared index, and for the audit to tell a wrong code from
    an unknown identifier. Nothing of it is shown before the rule has accepted.
    """
    plain = normalize(identifier)
    entries = list_entries().filter(identifier=plain)
    return entries if plain else entries.none()


def list_entries_without_code(at: datetime) -> QuerySet[RosterEntry]:
    """Return the present entries that still need a code.

    None of theirs could be used now, and they are not registered: whoever is registered needs no
    code, and one sent to them would invite a second registration.
    """
    usable = usable_codes(at).filter(entry=OuterRef("pk"))
    return list_entries().filter(~Exists(usable), ~Exists(providers_of_entry()))


def list_registered_entries(entries: Iterable[RosterEntry]) -> QuerySet[RosterEntry]:
    """Return those of some entries whose provider is registered now."""
    keys = [entry.id for entry in entries]
    return list_entries().filter(Exists(providers_of_entry()), id__in=keys)


def providers_of_entry(entry_id: UUID | None = None) -> QuerySet[Provider]:
    """Return the active providers of an entry; without one, of the entry of the query around."""
    return Provider.objects.filter(
        contract_id=require_contract().id,
        roster_entry_id=entry_id or OuterRef("pk"),
        status=ProviderStatus.ACTIVE,
    )


def usable_codes(at: datetime) -> QuerySet[IssuedCode]:
    """Return the issued codes that are neither revoked, expired nor used up."""
    return IssuedCode.objects.filter(revoked_at=None, expires_at__gt=at, uses__lt=F("max_uses"))


def list_codes(entry_ids: Collection[UUID]) -> dict[UUID, list[IssuedCodeFacts]]:
    """Return all issued codes of some entries, whatever their state, as the rules see them.

    One statement, also for no entry at all: what a stranger asks in vain takes as long.
    """
    found: dict[UUID, list[IssuedCodeFacts]] = {key: [] for key in entry_ids}
    codes = IssuedCode.objects.filter(entry__in=[*entry_ids] or [uuid7()]).order_by("id")
    for key, entry_id, digest, *state in codes.values_list(*_OF_A_CODE):
        found[entry_id].append(IssuedCodeFacts(key, entry_id, bytes(digest), *state))
    return found


def entry_facts(entry: RosterEntry) -> EntryFacts:
    """Return an entry as the rules see it."""
    return EntryFacts(
        id=entry.id,
        identifier=entry.identifier,
        identifier_type=IdentifierType(entry.identifier_type),
        code=entry.code,
        provider_type=entry.provider_type,
        remittance_on=entry.remittance_on,
        remittance_amount=entry.remittance_amount,
        starts_on=entry.starts_on,
        ends_on=entry.ends_on,
        removed=entry.removed_at is not None,
    )


def issues_codes(registration: RegistrationSection) -> bool:
    """Tell whether the portal issues codes for a contract's entries."""
    rule = registration.rule
    if isinstance(rule, KnowledgeProofRule):
        return rule.issued_code_fallback
    return isinstance(rule, IssuedCodeRule)


@dataclass(frozen=True)
class CodeShown:
    """What staff see of a code, which is never the code."""

    id: UUID
    created_at: datetime
    expires_at: datetime
    kind: str
    """`works`, `used`, `expired` or `revoked`, for programs."""
    state: str
    """The same in words."""

    @property
    def works(self) -> bool:
        """Tell whether somebody can still register with it."""
        return self.kind == "works"


def list_code_states(entry: RosterEntry, *, at: datetime) -> list[CodeShown]:
    """Return the codes of an entry, the newest first, with what became of each."""
    codes = IssuedCode.objects.filter(entry=entry).order_by("-created_at", "-id")
    return [_shown(code, at) for code in codes]


def _shown(code: IssuedCode, at: datetime) -> CodeShown:
    if code.revoked_at:
        kind, state = "revoked", f"Revoked on {localtime(code.revoked_at):%B %-d, %Y}"
    elif code.uses >= code.max_uses:
        kind, state = "used", "Used"
    elif code.expires_at <= at:
        kind, state = "expired", "Expired"
    else:
        kind, state = "works", "Works"
    return CodeShown(code.id, code.created_at, code.expires_at, kind, state)
