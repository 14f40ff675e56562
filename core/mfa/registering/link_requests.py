"""Who is waiting for a registration link under a username: the apps that know register here.

A person asks for a link by username alone, and does not know (nor may learn) whether they are a
registrant, somebody invited, or a user of an earlier portal. One page serves all of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class LinkTarget:
    """The mail that takes a person back to their registration.

    `kind` is a message kind, which finds out at hand-over whether there is still a link to send.
    `subject` is what the audit names.
    """

    kind: str
    to: str
    subject: tuple[str, UUID]
    contract_id: UUID | None
    account_id: UUID | None
    not_after: datetime


LinkFinder = Callable[[str, UUID | None, datetime], LinkTarget | None]
_finders: list[LinkFinder] = []


def register_link_finder(find: LinkFinder) -> None:
    """Add a place where usernames wait; called in `ready()` of the app that owns it.

    `find` gets the username in lower case, the contract on whose pages it was typed, and the
    moment. It does the same work whether it finds somebody or not, and changes nothing.
    """
    if find not in _finders:
        _finders.append(find)


def find_link_target(username: str, *, contract_id: UUID | None, at: datetime) -> LinkTarget | None:
    """Return whom a username belongs to, or None; every place is asked, whoever is found.

    The answer must never reach the person who typed the name.
    """
    name = username.strip().lower()
    found = [find(name, contract_id, at) for find in _finders]
    return next((target for target in found if target is not None), None)
