"""Who stands behind an account that a system works with."""

from uuid import UUID

from core.accounts.models import User
from core.staff.models import ApiToken, ServiceAccount


def people_behind(user_id: UUID) -> frozenset[UUID]:
    """Return those for whom what an account asks for is as good as their own.

    The account itself; of a service account also who made it, and who made any of its tokens,
    those that have ended too: whoever has held the token can have asked.
    """
    makers = ServiceAccount.objects.filter(user_id=user_id).values_list("made_by", flat=True)
    of_tokens = ApiToken.objects.filter(user_id=user_id).values_list("made_by", flat=True)
    return frozenset({user_id, *makers.union(of_tokens)})


def is_revoked(token_id: UUID | None) -> bool:
    """Tell whether somebody has revoked a token; one that has expired was trusted to its end."""
    if token_id is None:
        return False
    return ApiToken.objects.filter(pk=token_id, revoked_at__isnull=False).exists()


def mailbox_of(user: User) -> str:
    """Return where the people read who look after an account: a service account has no mail."""
    service = getattr(user, "service_account", None)
    return service.contact if service else user.email
