"""Take everything that tells of a person off their account; the row stays for what names it."""

from collections.abc import Iterable
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db.models import F

from core.accounts.models import Deactivation, User
from core.common import clock


def anonymise_accounts(*, user_ids: Iterable[UUID], using: str) -> None:
    """Close accounts for good and make them nobody's; in the caller's transaction on `using`.

    Called by the deletion of a contract, for people who worked in no other one. Their address is
    free for a new account afterwards. The caller records the act.
    """
    for user_id in user_ids:
        User.objects.using(using).filter(pk=user_id).update(
            username=f"deleted-{user_id.hex}",
            email=f"{user_id.hex}@deleted.invalid",
            first_name="Deleted",
            last_name="account",
            password=make_password(None),
            is_active=False,
            deactivated_at=clock.now(),
            deactivation=Deactivation.DECISION,
            security_epoch=F("security_epoch") + 1,
            last_used_at=None,
            **dict.fromkeys(("phone", "fax", "address_1", "address_2", "city", "state", "zip"), ""),
        )
