"""Publications in the midst of a test: what a program changes while people are on its pages."""

from datetime import timedelta
from typing import Any

from contracts.registration.selectors import local_date
from core.common.clock import now
from tenants import registry
from tenants.configuration.document import ContractDocument, TermsVersion
from tenants.configuration.publishing import publish_contract
from tenants.models import Contract
from tenants.states import ContractState
from tests.unit.configuration.documents import changed


def publish_change(slug: str, **fields: Any) -> ContractDocument:
    """Publish a program's present document with fields set by dotted name (`__` for the dot)."""
    contract = registry.get_contract(slug)
    document = changed(contract.document, **fields)
    publish_contract(document=document, base=contract.revision, by=None, at=now())
    return document


def publish_terms(slug: str, *, version: str, text: str, days_ago: int = 0) -> TermsVersion:
    """Publish one more version of a program's terms of use, in effect from today or before."""
    document = registry.get_contract(slug).document
    former, today = document.terms, local_date(document, now()) - timedelta(days=days_ago)
    newer = former[-1].model_copy(
        update={"version": version, "effective_on": today, "text": (text,)}
    )
    versions = [terms.model_dump(mode="json") for terms in (*former, newer)]
    return publish_change(slug, terms=versions).terms[-1]


def publish_methods(slug: str, *methods: str) -> None:
    """Publish other factors that a program accepts, with the waivers that they need and no more."""
    document = registry.get_contract(slug).document
    needed = {f"mfa.methods.{method}" for method in methods}
    waivers = [
        waiver.model_dump(mode="json")
        for waiver in document.waivers
        if not waiver.rule.startswith("mfa.methods.") or waiver.rule in needed
    ]
    publish_change(slug, mfa__methods=list(methods), waivers=waivers)


def suspend(slug: str) -> None:
    """Take a contract out of service, as an operator may at any moment."""
    Contract.objects.filter(slug=slug).update(state=ContractState.SUSPENDED)
    registry.announce()
