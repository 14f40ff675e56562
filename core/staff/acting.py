"""Whether a member of staff may use a permission in a place, now: the one question of every act.

`scope` and `may` tell what a role holds, which is what pages offer. Whoever acts comes through here
or through `access_contract`, so that what the deployment wants nobody to hold all day waits for
elevated rights everywhere (ADR 0034). A test sees that no view refuses by itself.
"""

from collections.abc import Iterable
from uuid import UUID

from core.staff.elevation import require_elevation
from core.staff.permissions import StaffPermission
from core.staff.refusing import refuse_staff
from core.staff.scope import StaffActor


def require_right(
    staff: StaffActor,
    permission: StaffPermission,
    *,
    held: bool,
    contract_id: UUID | None = None,
    about: UUID | None = None,
) -> None:
    """Let through who holds a right where they act, with the elevated rights that it waits for.

    Called by views and access functions before an act. `held` is what the app found out: that the
    permission covers the place, and whatever else keeps somebody from this act. Raises
    RecordedRefusal (`staff_access.refused`, with the contract and the account that it is about),
    and ElevationNeededError, which the door of the page answers.
    """
    if not held:
        refuse_staff(staff.user.id, permission, contract_id=contract_id, about=about)
    require_elevation(staff, permission)


def require_right_in(
    staff: StaffActor, permission: StaffPermission, contract_id: UUID | None
) -> None:
    """Let through who holds a permission in a contract (None: in the whole deployment)."""
    held = staff.scope(permission).covers(contract_id)
    require_right(staff, permission, held=held, contract_id=contract_id)


def require_elevation_to_lend(staff: StaffActor, permissions: Iterable[StaffPermission]) -> None:
    """See that permissions may be lent to a token of the API now. Raises ElevationNeededError.

    What nobody holds all day is lent by somebody who holds it this minute; that it is held at all
    the service asks (`core.staff.services.api_tokens`).
    """
    for permission in permissions:
        require_elevation(staff, permission)
