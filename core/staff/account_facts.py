"""What the page of an account shows to staff: its state, never a secret, a number or an address."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from core.accounts.history import HistoryEntry, entry_of
from core.accounts.models import User
from core.accounts.policies import find_contract
from core.accounts.selectors import names_of
from core.audit.models import AuditEvent
from core.common.masking import mask_email
from core.mfa.models import FactorKind
from core.mfa.selectors import kinds_in_hand
from core.staff.people import HeldRole, held_roles
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor
from core.staff.services.finding import contract_keys_of

LAST_EVENTS: Final = 20
_UNKNOWN: Final = "A program that is not in service"


@dataclass(frozen=True)
class SeenEntry(HistoryEntry):
    """A line of the history, with who else than the owner brought it about, and the reason."""

    by: str
    why: str


@dataclass(frozen=True)
class AccountFacts:
    """An account as staff see it now."""

    user: User
    masked_email: str
    is_locked: bool
    factors: tuple[str, ...]
    contract_ids: frozenset[UUID]
    contracts: tuple[str, ...]
    roles: Sequence[tuple[HeldRole, str]]
    """Those in scope, each with the name of its contract."""
    other_roles: int
    events: Sequence[SeenEntry]

    @property
    def rows(self) -> list[tuple[str, str]]:
        """Return the facts in the order of the page, empty ones too."""
        return [
            ("Name", self.user.get_full_name()),
            ("Username", self.user.username),
            ("E-mail address", self.masked_email),
            ("State", self.state),
            ("Lock", self.lock),
            ("Second factors", ", ".join(self.factors) or "none: MFA registration is not finished"),
            ("Programs", ", ".join(self.contracts) or "none"),
            ("Last used", _moment(self.user.last_used_at) or "never"),
        ]

    @property
    def state(self) -> str:
        """Say whether the account is active, and if not, why."""
        if self.user.is_active:
            return "Active"
        why = "not used for too long" if self.user.is_dormant else "somebody decided so"
        return f"Closed since {_moment(self.user.deactivated_at)} ({why})"

    @property
    def lock(self) -> str:
        """Say whether a lock holds, and how long."""
        if not self.is_locked:
            return "Not locked"
        until = self.user.lock_until
        ends = f"until {_moment(until)}" if until else "until somebody opens it"
        return f"Locked since {_moment(self.user.locked_at)}, {ends}"


def facts_of_account(
    staff: StaffActor, user: User, *, at: datetime, events: int = LAST_EVENTS
) -> AccountFacts:
    """Gather what somebody of staff may see of an account that `access_account` gave them.

    Events of contracts outside the scope are left out. Two queries for the roles, two for the
    last events.
    """
    contract_ids = contract_keys_of(user)
    kinds = kinds_in_hand(user)
    roles, other_roles = _roles(staff, user.id)
    return AccountFacts(
        user=user,
        masked_email=mask_email(user.email),
        is_locked=user.is_locked(at),
        factors=tuple(str(kind.label) for kind in FactorKind if kind.value in kinds),
        contract_ids=contract_ids,
        contracts=_names(staff, contract_ids),
        roles=roles,
        other_roles=other_roles,
        events=seen_entries(staff, events_of_account(staff, user.id)[:events]),
    )


def _names(staff: StaffActor, contract_ids: frozenset[UUID]) -> tuple[str, ...]:
    """Name the contracts in scope, and count the others."""
    scope = staff.scope(StaffPermission.USERS_VIEW)
    seen = [find_contract(key) for key in contract_ids if scope.covers(key)]
    names = sorted(contract.name if contract else _UNKNOWN for contract in seen)
    others = len(contract_ids) - len(seen)
    return (*names, f"{others} outside your programs") if others else tuple(names)


def _roles(staff: StaffActor, user_id: UUID) -> tuple[list[tuple[HeldRole, str]], int]:
    """Return the roles in scope, each with its contract's name, and how many others there are."""
    scope = staff.scope(StaffPermission.USERS_VIEW)
    every = held_roles(user_id)
    seen = [one for one in every if scope.covers(one.contract_id)]
    return [(one, _name_of(one.contract_id)) for one in seen], len(every) - len(seen)


def _name_of(contract_id: UUID | None) -> str:
    if contract_id is None:
        return "no program"
    contract = find_contract(contract_id)
    return contract.name if contract else _UNKNOWN


def events_of_account(staff: StaffActor, user_id: UUID) -> QuerySet[AuditEvent]:
    """Return what happened to an account, newest first; not what other contracts recorded."""
    scope = staff.scope(StaffPermission.USERS_VIEW)
    events = AuditEvent.objects.filter(subject_type="account", subject_id=user_id)
    if not scope.everywhere:
        events = events.filter(Q(contract_id__in=scope.contracts) | Q(contract_id__isnull=True))
    return events.order_by("-at", "-id")


def seen_entries(staff: StaffActor, events: Iterable[AuditEvent]) -> list[SeenEntry]:
    """Put events of an account into words, with who else brought them about, and why.

    What was recorded outside all contracts says neither to staff of some: a reason may be about
    another contract.
    """
    scope, found = staff.scope(StaffPermission.USERS_VIEW), list(events)
    told = [one for one in found if scope.everywhere or one.contract_id in scope.contracts]
    others = {one.id: one.actor_id for one in told if one.actor_id not in {None, one.subject_id}}
    names = names_of(others.values())
    return [_seen(event, others.get(event.id), names) for event in found]


def _seen(event: AuditEvent, other: UUID | None, names: Mapping[UUID, str]) -> SeenEntry:
    entry = vars(entry_of(event))
    if other is None:
        return SeenEntry(**entry, by="", why="")
    by = names.get(other, "somebody whose account is gone")
    return SeenEntry(**entry, by=by, why=str(event.data.get("reason") or ""))


def _moment(at: datetime | None) -> str:
    """Return a moment in the time zone of the page."""
    return date_format(timezone.localtime(at), "F j, Y, g:i A e") if at else ""
