"""Change name, address, phone and fax of an account."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from django.db import transaction

from core.accounts.models import User
from core.audit.recording import record
from core.common.crypto import keyed_digest
from core.common.errors import DomainError

DETAILS: Final = (
    "first_name",
    "last_name",
    "address_1",
    "address_2",
    "city",
    "state",
    "zip",
    "phone",
    "fax",
)
"""What a person, or an admin of theirs, may change of the account without a new proof."""


class DetailsChangedError(DomainError):
    """They are no longer what the page showed."""

    code: ClassVar[str] = "details_changed"
    message: ClassVar[str] = (
        "These details were changed since you opened this page. Check them and save again."
    )


def details_version(user: User) -> str:
    """Return what a page remembers of the details that it shows; another one for other details."""
    return keyed_digest("account-details", *(getattr(user, name) for name in DETAILS)).hex()[:32]


@transaction.atomic
def change_details(
    *, user_id: UUID, details: Mapping[str, str], seen: str, by: UUID | None, at: datetime
) -> list[str]:
    """Write the details of an account and return the names of what has changed.

    Called by its owner's page, and by Setup for an admin.

    `details` has every name of `DETAILS`; `seen` is the version that the page showed. Records
    `account.details_changed` with the names of what differs, and nothing when nothing does. Raises
    DetailsChangedError when somebody else was faster.
    """
    user = User.objects.select_for_update().get(pk=user_id)
    changed = [name for name in DETAILS if getattr(user, name) != details[name]]
    if not changed:
        return []
    if details_version(user) != seen:
        raise DetailsChangedError
    for name in changed:
        setattr(user, name, details[name])
    user.save(update_fields=changed)
    record(
        "account.details_changed",
        actor_id=by,
        subject=("account", user_id),
        data={"fields": changed},
        at=at,
    )
    return changed
