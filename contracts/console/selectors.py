"""What the console shows of contracts: one line each, and what is the matter with them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from contracts.console.waivers import notice_due
from core.accounts.models import ContractAccess
from core.groups.models import Provider, ProviderStatus
from tenants import registry
from tenants.configuration.document import ContractDocument
from tenants.configuration.gates import overdue_waivers
from tenants.configuration.revisions import day_in, document_of, zone_of
from tenants.models import Contract
from tenants.states import ContractState

PER_PAGE: Final = 25


@dataclass(frozen=True)
class ContractRow:
    """One contract in the list. `state` is the US state, empty before the first publication."""

    contract: Contract
    state: str
    providers: int
    users: int
    problems: Sequence[str]


def find_contracts(contracts: QuerySet[Contract], words: Iterable[str]) -> QuerySet[Contract]:
    """Narrow contracts to those whose name, slug or US state has every word.

    Each comes with `providers` and `users`: those that are active there now.
    """
    for word in words:
        contracts = contracts.filter(
            Q(name__icontains=word)
            | Q(slug__icontains=word)
            | Q(revision__document__contract__state__iexact=word)
        )
    active = Provider.objects.filter(status=ProviderStatus.ACTIVE, contract=OuterRef("pk"))
    with_access = ContractAccess.objects.filter(until=None, contract=OuterRef("pk"))
    return contracts.annotate(
        providers=_number_of(active.order_by().values("contract"), "pk"),
        users=_number_of(with_access.order_by().values("contract"), "user"),
    ).order_by("name", "slug")


def contract_row(contracts: QuerySet[Contract], contract: Contract, *, at: datetime) -> ContractRow:
    """Return the same of one of some contracts (one query)."""
    return _row(find_contracts(contracts, ()).get(pk=contract.pk), at=at)


def contract_rows(contracts: Iterable[Contract], *, at: datetime) -> list[ContractRow]:
    """Return what the list shows of contracts that `find_contracts` has found (no query)."""
    return [_row(one, at=at) for one in contracts]


def problems_of(contract: Contract, document: ContractDocument | None, on: date) -> list[str]:
    """Return what somebody should look at, as sentences; empty when there is nothing."""
    found = []
    if contract.state == ContractState.PROVISIONING:
        found.append("Provisioning is not finished: publish its document again.")
    elif document is None:
        found.append("Its document cannot be read by this version: publish it again.")
    elif contract.state == ContractState.READY and registry.is_unavailable(contract.slug):
        found.append("Its schema is behind this version: run the migrations.")
    if document is None:
        return found
    overdue = overdue_waivers(document, on)
    if overdue:
        rules = ", ".join(one.rule for one in overdue)
        found.append(f"Waivers are over, so that nothing can be published: {rules}.")
    ending = [one for one in document.waivers if notice_due(one, on) is not None]
    return found + [f"The waiver of {one.rule} ends on {one.until:%B %-d, %Y}." for one in ending]


def contract_names(keys: Iterable[UUID | None]) -> dict[UUID | None, str]:
    """Return the names of contracts, whatever their state (one query)."""
    named = Contract.objects.filter(pk__in={key for key in keys if key})
    return dict(named.values_list("pk", "name"))


def _row(contract: Contract, *, at: datetime) -> ContractRow:
    document = document_of(contract.revision)
    zone = zone_of(document)
    return ContractRow(
        contract=contract,
        state=document.contract.state if document else "",
        providers=contract.providers,  # type: ignore[attr-defined]
        users=contract.users,  # type: ignore[attr-defined]
        problems=problems_of(contract, document, day_in(zone, at)),
    )


def _number_of(rows: QuerySet[Any, Any], what: str) -> Coalesce:
    counted = rows.annotate(n=Count(what, distinct=True)).values("n")
    return Coalesce(Subquery(counted), Value(0))
