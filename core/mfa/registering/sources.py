"""Where an MFA registration comes from: a pending registration, an invitation, an account.

The apps that own those register a source; nothing here knows them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol
from uuid import UUID

from core.accounts.models import User
from core.accounts.policies import Policy
from core.common.errors import DomainError
from tenants.configuration.policy import Method


@dataclass(frozen=True)
class SourceDescription:
    """What the pages need to know about whoever registers a factor.

    `policy` is the contract's document, or the strictest of several; `methods` are those that the
    contract accepts. `email` is what the e-mail step is prefilled with.
    """

    contract_id: UUID | None
    email: str
    first_name: str
    last_name: str
    username: str
    policy: Policy
    methods: tuple[Method, ...]
    email_was_proven: bool = False
    """Whether `email` is an account's that has been proven to this portal once."""
    account_id: UUID | None = None
    """The account when it exists already; None when completing makes it."""
    counted_under: UUID | None = None
    """What tries and sent codes are counted under, where `source_id` changes with each link."""
    account_epoch: int | None = None
    """The account's security epoch; a run that was begun under an earlier one is over."""


@dataclass(frozen=True)
class CompletedRegistration:
    """What was proven: the address, a password's hash, and the phone where one was chosen."""

    email: str
    password_hash: str
    phone: str | None
    method: str
    account_epoch: int | None = None
    """The epoch of the account when the run began; None where there was no account."""


class RegistrationSource(Protocol):
    """What an app registers."""

    def describe(self, source_id: UUID) -> SourceDescription:
        """Describe who registers. Raises SourceGoneError when it is over or unknown."""

    def complete(self, source_id: UUID, result: CompletedRegistration, *, at: datetime) -> User:
        """Make (or change) the account and all that hangs on it, and return it.

        Runs inside the completing transaction; the factors are written afterwards by the caller.
        Raises DomainError where nothing may remain (address or username taken meanwhile, provider
        registered by somebody else, SourceGoneError).
        """

    def send_link(self, source_id: UUID, *, at: datetime) -> None:
        """Mail whoever began a registration how to take it up again, to the registered address.

        Called inside a transaction, after address and password of the registration were right;
        limits on mails are the source's own. Raises SourceGoneError.
        """


class SourceGoneError(DomainError):
    """What the registration belongs to has ended, or never was."""

    code: ClassVar[str] = "mfa_source_gone"
    message: ClassVar[str] = "This registration has ended. Begin again, or ask the contact below."


_sources: dict[str, RegistrationSource] = {}


def register_source(kind: str, source: RegistrationSource) -> None:
    """Make a kind of source known; called in `ready()` of the app that owns it."""
    _sources[kind] = source


def get_source(kind: str) -> RegistrationSource:
    """Return the source of a kind. Raises KeyError."""
    return _sources[kind]
