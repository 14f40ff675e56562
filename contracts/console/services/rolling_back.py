"""Publish an earlier revision again, on behalf of an operator."""

from datetime import datetime
from uuid import UUID

from contracts.console.services.publishing import Publication, publish
from tenants.configuration.revisions import read_contract_revision
from tenants.models import ContractRevision


def roll_back(
    *, revision: ContractRevision, base: int, by: UUID, reason: str, at: datetime
) -> Publication:
    """Publish the document of an earlier revision as a new one.

    Called by the console, which has loaded the revision in scope and asked for a fresh sign-in.
    `base` is the revision that the operator saw as the present one; `reason` stands in the history.
    Every gate is asked anew: what was right then may be closed today. Raises and records what
    `publish` does.
    """
    note = rollback_note(revision, reason)[:500]
    document = read_contract_revision(revision)
    return publish(document=document, base=base, by=by, at=at, note=note)


def rollback_note(revision: ContractRevision, reason: str) -> str:
    """Return what the history says of rolling back."""
    return f"Rolled back to revision {revision.number}: {reason}"
