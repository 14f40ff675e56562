"""Why a document is not published."""

from collections.abc import Sequence

from core.common.errors import DomainError
from tenants.configuration.diff import Change
from tenants.configuration.gates import GateFailure


class GatesClosedError(DomainError):
    """A document that is valid but may not be published; `failures` says why."""

    code = "configuration_gates_closed"

    def __init__(self, failures: Sequence[GateFailure]) -> None:
        self.failures = tuple(failures)
        super().__init__("\n".join(str(failure) for failure in failures))


class PublishedMeanwhileError(DomainError):
    """Another revision was published since the one that this document is based on.

    `changes` is the difference from the base to the published revision.
    """

    code = "configuration_published_meanwhile"

    def __init__(self, base: int | None, published: int | None, changes: Sequence[Change]) -> None:
        self.base, self.published, self.changes = base, published, tuple(changes)
        based = f"revision {base}" if base else "no revision"
        found = f"revision {published} is" if published else "no revision is"
        super().__init__(f"The document is based on {based}, but {found} published.")


class ArchivedError(DomainError):
    """The contract is in the archive, where nothing changes any more."""

    code = "contract_archived"
    message = "The contract is archived: take it out of the archive before you publish."
