"""Who publishes what: alone, or by asking somebody."""

from collections.abc import Sequence
from datetime import datetime

from core.accounts.models import User
from core.staff.acting import require_right
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor, find_staff, list_holders
from core.staff.systems import people_behind
from tenants.configuration.approvals import asks_for_second_person
from tenants.models import Contract

_PUBLISH = StaffPermission.CONTRACTS_PUBLISH
_PROVISION = StaffPermission.CONTRACTS_PROVISION


def find_contract(slug: str) -> Contract | None:
    """Return a contract with its revision, whatever its state; None where there is none."""
    return Contract.objects.select_related("revision").filter(slug=slug).first()


def may_publish(staff: StaffActor, contract: Contract | None) -> bool:
    """Tell whether they may publish in a contract; a new one needs the right to provision, too."""
    if contract is None or contract.revision_id is None:
        return staff.scope(_PUBLISH).everywhere and staff.scope(_PROVISION).everywhere
    return staff.scope(_PUBLISH).covers(contract.pk)


def require_publishing(staff: StaffActor, contract: Contract | None) -> None:
    """Let through who may publish there now. Raises RecordedRefusal, ElevationNeededError."""
    is_new = contract is None or contract.revision_id is None
    held, key = may_publish(staff, contract), contract.pk if contract else None
    for permission in (_PUBLISH, _PROVISION) if is_new else (_PUBLISH,):
        require_right(staff, permission, held=held, contract_id=key)


def needs_approval(staff: StaffActor, contract: Contract | None) -> bool:
    """Tell whether what they publish waits for somebody else."""
    if not may_publish(staff, contract):
        return True
    return contract is not None and asks_for_second_person(contract.revision)


def still_may_publish(user: User, contract: Contract | None, *, at: datetime) -> bool:
    """Tell whether an account holds the right to publish at this moment."""
    staff = find_staff(user, at=at) if user.is_active else None
    return staff is not None and may_publish(staff, contract)


def list_approvers(contract: Contract | None, *, author: User, at: datetime) -> Sequence[User]:
    """Return everybody who may approve what an author wants published: nobody who is behind it."""
    contracts = [contract.pk] if contract else []
    behind = people_behind(author.pk)
    holders = list_holders(_PUBLISH, contracts, at=at)
    return [one.user for one in holders if one.user.pk not in behind and may_publish(one, contract)]
