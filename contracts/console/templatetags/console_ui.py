"""Words of the console that depend on more than one thing."""

from collections.abc import Mapping
from uuid import UUID

from django import template

from contracts.console.sections.words import choice_label
from tenants.models import ContractRevision, ProvisioningRun

register = template.Library()


@register.simple_tag
def published_by(revision: ContractRevision, names: Mapping[UUID, str]) -> str:
    """Return who published a revision; without anybody it was the deployment's own command."""
    if revision.published_by is None:
        return "by the command line"
    return person(revision.published_by, names)


@register.simple_tag
def person(account: UUID, names: Mapping[UUID, str]) -> str:
    """Return by whom something was done."""
    return f"by {names.get(account, 'somebody whose account is gone')}"


@register.simple_tag
def provisioned_by(run: ProvisioningRun, names: Mapping[UUID, str]) -> str:
    """Return who began a run; without anybody it was the deployment's own command."""
    if run.began_by is None:
        return "The command line"
    return names.get(run.began_by, "Somebody whose account is gone")


@register.simple_tag
def outcome_words(outcome: str) -> str:
    """Return what a rule says to a test vector, as the section of the registration calls it."""
    return choice_label("registration.test_vectors.expect", outcome)
