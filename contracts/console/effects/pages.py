"""A plan and its effects for a page, as far as its reader may see them."""

from datetime import datetime

from contracts.console.effects.assessing import effects_of
from contracts.console.effects.sentences import sentences_of
from contracts.console.gates import plan_for
from contracts.console.publications.rights import find_contract
from core.staff.contract_access import holds
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor
from tenants.configuration.document import ContractDocument
from tenants.configuration.publishing import plan_contract


def effects_shown(
    staff: StaffActor, document: ContractDocument, *, at: datetime
) -> dict[str, object]:
    """Return what `console/parts/effects.html` shows; entries by name with `roster.view` alone."""
    contract = find_contract(document.contract.slug)
    effects = effects_of(document, at=at)
    may_see = contract is not None and holds(staff, StaffPermission.ROSTER_VIEW, contract)
    return {
        "effects": sentences_of(effects),
        "unmatched": effects.roster.examples if may_see else (),
    }


def plan_shown(staff: StaffActor, document: ContractDocument, *, at: datetime) -> dict[str, object]:
    """Return what `console/parts/plan.html` shows: what publishing a document would do now."""
    return {
        "plan": plan_for(staff, plan_contract(document=document, at=at)),
        **effects_shown(staff, document, at=at),
    }
