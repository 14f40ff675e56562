"""What people notice of what somebody else has made of their roles: a mail, and signing in anew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from core.accounts.models import User
from core.accounts.services.accounts import end_sessions_of
from core.common.context import current_context
from core.groups.models import Provider, ProviderGroup, Role
from core.notifications.services.outbox import Letter, enqueue_all

ROLE_KIND: Final = "role_notice"


@dataclass(frozen=True)
class RoleStep:
    """What became of somebody's role for a provider, or for a whole group."""

    user: User
    place: Provider | ProviderGroup
    before: str | None
    after: str | None

    @property
    def is_another_role(self) -> bool:
        """Tell whether the person goes on there with other rights, or reaches the whole group."""
        stays = self.before is not None and self.after is not None
        return self.before != self.after and (stays or self.after == Role.GROUP_ADMIN)

    def as_fact(self) -> dict[str, str]:
        """Return the step as the outbox keeps it: keys, no names."""
        what = "provider" if isinstance(self.place, Provider) else "group"
        return {
            what: str(self.place.id),
            "before": self.before or "",
            "after": self.after or "",
        }


def tell_of_roles(
    steps: Sequence[RoleStep], *, by: UUID | None, at: datetime, because: str = ""
) -> None:
    """Write one mail to each person of the steps, in the transaction of the act (one statement).

    Nobody is told of what they did themselves. `by` None is the portal, which says why: `because`
    is a key of `core.groups.role_messages`. A mail names providers at which its reader had a role
    or has one now, and no others.
    """
    of_person: dict[UUID, list[RoleStep]] = {}
    for step in steps:
        if step.user.id != by:
            of_person.setdefault(step.user.id, []).append(step)
    shared = {"by": str(by) if by else "", "because": because, "happened_at": at.isoformat()}
    letters = [_letter(own, shared) for own in of_person.values()]
    if letters:
        enqueue_all(kind=ROLE_KIND, letters=letters, at=at)


def sign_out_of_other_roles(steps: Sequence[RoleStep], *, by: UUID | None, at: datetime) -> None:
    """Sign out everywhere whose role has become another one, in the transaction of the act.

    No session, and no remembered browser, goes on with other rights than those it began with. Who
    loses a place, or gets one more, stays signed in; the next request knows. So does who did it
    themselves. Records `account.sessions_ended`.
    """
    changed = {step.user.id for step in steps if step.is_another_role and step.user.id != by}
    if changed:
        end_sessions_of(changed, reason="role_changed", by=by, at=at)


def _letter(steps: Sequence[RoleStep], shared: Mapping[str, str]) -> Letter:
    user = steps[0].user
    return Letter(
        to=user.email,
        subject_id=user.id,
        account_id=user.id,
        contract_id=_contract_of(steps),
        context={**shared, "steps": [step.as_fact() for step in steps]},
    )


def _contract_of(steps: Sequence[RoleStep]) -> UUID | None:
    """Return in whose name the mail goes out: of several contracts, the one in hand or none."""
    found = {step.place.contract_id for step in steps if isinstance(step.place, Provider)}
    here = current_context().contract_id
    return found.pop() if len(found) == 1 else here
