"""The only way to load an account on behalf of staff. Out of their scope is 404."""

from uuid import UUID

from django.http import Http404

from core.accounts.models import User
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor
from core.staff.services.finding import contract_keys_of


def access_account(staff: StaffActor, account_id: UUID) -> User:
    """Return an account that they may see, with what `UserManager.with_contracts` says (one query).

    All, or those that work in one of their contracts. Whether somebody has looked it up is asked
    by who shows it. Raises Http404.
    """
    user = User.objects.with_contracts().filter(pk=account_id).first()
    scope = staff.scope(StaffPermission.USERS_VIEW)
    if user is None or not (scope.everywhere or scope.covers_any(contract_keys_of(user))):
        raise Http404
    return user
