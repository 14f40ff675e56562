"""A second person's approval, where the published document asks for it.

What is published decides, so that taking the rule out needs an approval, too. The owner of the
deployment, who has the database in hand, says expressly that they do without.
"""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from core.common.errors import DomainError
from tenants.configuration.values import Section, YesNo
from tenants.models import ContractRevision


class PublishingSection(Section):
    """How the contract's own document is published."""

    second_person: YesNo = False
    """Whether a second person who may publish has to approve each publication, also the one
    that ends this. The command line of the deployment's owner says that it does without."""


@dataclass(frozen=True)
class Approval:
    """Who approved a publication: somebody else than its author, or the deployment's owner."""

    by: UUID | None
    """None: the owner, by the command line."""


@dataclass(frozen=True)
class Authorship:
    """Who publishes, why, and who approved it."""

    by: UUID | None
    note: str
    approval: Approval | None

    @property
    def approved_by(self) -> UUID | None:
        """The second person; None without one, and for the owner."""
        return self.approval.by if self.approval else None

    def facts(self) -> dict[str, object]:
        """Return what the event says of an approval: by whom, or that the owner did without."""
        return {"approved_by": str(self.approved_by or "owner")} if self.approval else {}


class ApprovalNeededError(DomainError):
    """The published document asks for a second person's approval, and there is none."""

    code: ClassVar[str] = "configuration_approval_needed"
    message: ClassVar[str] = (
        "What is published asks for a second person's approval of every publication."
    )


def asks_for_second_person(revision: ContractRevision | None) -> bool:
    """Tell whether the next publication needs an approval, also after one of another version."""
    section = revision.document.get("publishing") if revision else None
    return isinstance(section, dict) and bool(section.get("second_person"))


def refuse_without_approval(revision: ContractRevision | None, authorship: Authorship) -> None:
    """Raise ApprovalNeededError where an approval is needed and nobody else's is there."""
    by, approval = authorship.by, authorship.approval
    if approval is None:
        if asks_for_second_person(revision):
            raise ApprovalNeededError
    elif by is not None and approval.by in {by, None}:
        raise ApprovalNeededError  # one's own, or the owner's for somebody who is not the owner
