"""What a publication touches: from the published document to another one."""

from datetime import datetime

from contracts.console.effects.facts import Effects
from contracts.console.effects.people import people_effects
from contracts.console.effects.roster import roster_effects
from tenants import registry
from tenants.configuration.document import ContractDocument, HostsSection
from tenants.context import contract_context


def effects_of(document: ContractDocument, *, at: datetime) -> Effects:
    """Return what publishing a document would touch now. Changes nothing itself.

    For whoever may plan it; examples of roster entries are for who may see the roster. A contract
    that is not ready serves nobody, so that nothing is touched before it is.
    """
    try:
        contract = registry.get_contract(document.contract.slug)
    except registry.UnknownContractError:
        return Effects(is_known=False)
    before = contract.document
    people = people_effects(contract, document, at=at)
    with contract_context(contract):
        roster = roster_effects(before.registration, document.registration, at=at)
    former, later = ({one.rule for one in doc.waivers} for doc in (before, document))
    return Effects(
        people=people,
        roster=roster,
        hosts_end=tuple(sorted(_hosts(before.hosts) - _hosts(document.hosts))),
        waivers_new=tuple(sorted(later - former)),
        waivers_over=tuple(sorted(former - later)),
    )


def _hosts(section: HostsSection) -> set[str]:
    named = {section.primary, *section.aliases, *section.redirects}
    return {host for host in named if host}
