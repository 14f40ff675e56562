"""Words of the console that depend on more than one thing."""

from collections.abc import Mapping
from uuid import UUID

from django import template

from tenants.models import ContractRevision

register = template.Library()


@register.simple_tag
def published_by(revision: ContractRevision, names: Mapping[UUID, str]) -> str:
    """Return who published a revision; without anybody it was the deployment's own command."""
    if revision.published_by is None:
        return "by the command line"
    return f"by {names.get(revision.published_by, 'somebody whose account is gone')}"
