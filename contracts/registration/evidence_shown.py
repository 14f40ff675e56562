"""What a registration that waits was decided on, in words for the staff who approve it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from contracts.registration.models import Approval
from contracts.registration.rules.facts import Check
from contracts.registration.selectors import find_proven_entry, local_date
from contracts.roster.models import RosterEntry
from core.groups.models import Provider, ProviderStatus
from tenants import registry

_FAMILIES: Final = {
    "program_id": "A number that the program gave the provider",
    "issued_code": "A code issued for the location",
    "knowledge_proof": "Facts of a payment",
}
_CHECKS: Final[Mapping[str, str]] = {
    Check.TYPED: "What was typed is complete and well formed",
    Check.ENTRY: "The provider is on the roster",
    Check.WAY: "This way to register is open to the provider",
    Check.IDENTIFIER: "The identifier is the roster's",
    Check.CODE: "The registration code is right",
    Check.CODE_STATE: "The code is not used up, revoked or expired",
    Check.FACT: "The facts of the payment are right",
    Check.DATES: "The roster entry is in force",
    Check.PROVIDER_TYPE: "The provider type may register",
}


@dataclass(frozen=True)
class Evidence:
    """What the rule decided on, and what stands in the roster now."""

    rule: str
    steps: Sequence[tuple[str, bool]]
    revision: int
    decided_at: datetime
    entry: RosterEntry | None
    """The roster's own, None when it was removed."""
    entry_is_in_force: bool
    former: Sequence[Provider]
    """Earlier registrations of the same identifier, which have ended."""


def evidence_of(approval: Approval, *, at: datetime) -> Evidence:
    """Return the evidence of a registration; reads the roster in its contract."""
    pending = approval.registration
    found: Mapping[str, Any] = pending.evidence
    entry = find_proven_entry(pending)
    today = local_date(registry.get_contract_by_id(approval.contract_id).document, at)
    former = Provider.objects.filter(
        contract_id=approval.contract_id,
        unit_key=pending.unit_key,
        status=ProviderStatus.ENDED,
    )
    return Evidence(
        rule=_FAMILIES.get(str(found["family"]), str(found["family"])),
        steps=_steps(found["steps"]),
        revision=int(found["revision"]),
        decided_at=datetime.fromisoformat(str(found["decided_at"])),
        entry=entry,
        entry_is_in_force=entry is not None
        and entry.removed_at is None
        and (entry.starts_on is None or entry.starts_on <= today)
        and (entry.ends_on is None or today <= entry.ends_on),
        former=list(former.select_related("group").order_by("-ended_at")[:5]),
    )


def _steps(found: Sequence[Mapping[str, Any]]) -> list[tuple[str, bool]]:
    """Return what was looked at in words, each once: what failed in one step has failed."""
    said: dict[str, bool] = {}
    for step in found:
        words = _CHECKS.get(step["check"], step["check"])
        said[words] = said.get(words, True) and bool(step["passed"])
    return list(said.items())
