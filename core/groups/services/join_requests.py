"""Ask to join a provider that is registered already, and decide about it.

Whoever asks has passed the contract's registration rule and is told nothing of the provider. Every
act holds the group first: two admins who decide at once come one after the other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce, Lower

from core.accounts.models import User
from core.accounts.services.attempts import Limit, count_attempt
from core.audit.recording import record
from core.common.errors import DomainError
from core.groups.entering import Entered
from core.groups.models import Invitation, JoinRequest, Provider, ProviderStatus
from core.groups.permissions import Permission
from core.groups.roles import any_may
from core.groups.services.holding import hold_group, hold_groups, hold_request
from core.groups.services.invitations import Invitee, invite_user
from core.groups.services.join_mails import tell_admins, tell_person
from core.groups.services.role_mails import RoleStep, sign_out_of_other_roles
from core.groups.services.roles import (
    ChangedMeanwhileError,
    holds_own_role,
    place_role,
    roles_to_act_with,
)
from core.groups.states import JoinState
from tenants.context import ActiveContract

REQUEST_LIFE: Final = timedelta(days=14)
"""Own figure: two weeks outlast an admin's holiday week, and keep no queue of forgotten rows."""
ASKED_A_DAY: Final = 10
"""Own figure: requests of one account in a day; a billing clerk of several offices needs a few."""
REFUSED_FOR: Final = timedelta(days=7)
"""Own figure: how long a refusal stands before the same person may ask the same provider again."""


FROM_OUTSIDE: Final = 5
"""Own figure: open requests of people without an account for one provider; more are dropped."""


@dataclass(frozen=True)
class Asker:
    """What somebody without an account says about themselves; nobody has proven it."""

    email: str
    first_name: str
    last_name: str
    note: str = ""


class JoinNotPossibleError(DomainError):
    """The provider is no longer registered, or has left the roster."""

    code: ClassVar[str] = "join_not_possible"
    message: ClassVar[str] = (
        "This provider changed a moment ago. Enter its numbers again to see what is possible now."
    )


class AlreadyThereError(DomainError):
    """The person works for the provider."""

    code: ClassVar[str] = "already_there"
    message: ClassVar[str] = "You work for this provider already. It is on your home page."


class AskedTooOftenError(DomainError):
    """The account asked often today."""

    code: ClassVar[str] = "join_asked_too_often"
    message: ClassVar[str] = "You sent several requests today. Try again tomorrow."


class RefusedLatelyError(DomainError):
    """An admin refused the same request some days ago."""

    code: ClassVar[str] = "join_refused_lately"
    message: ClassVar[str] = (
        "Your request was refused some days ago; the reason stands under Your requests to join. "
        "Talk to your office before you ask again."
    )


class RequestOverError(DomainError):
    """Somebody decided before, the person withdrew, or there is nothing left to decide."""

    code: ClassVar[str] = "join_request_over"
    message: ClassVar[str] = (
        "Nothing was done: this request is over. Somebody decided before, the person withdrew it "
        "or has a role by now, or the account or provider was closed."
    )


def ask_to_join(
    *, user: User, provider_id: UUID, number: str, note: str, at: datetime
) -> JoinRequest:
    """Put a request into the queue of a provider's admins; sent twice, it is one.

    Called by registration for a signed-in person who has passed the contract's rule. Mails the
    admins. Records `join_request.sent`. Raises JoinNotPossibleError, AlreadyThereError,
    RefusedLatelyError, AskedTooOftenError.
    """
    asked = Limit("join.ask", str(user.id), ASKED_A_DAY, timedelta(days=1))
    if not count_attempt(limits=[asked], at=at).allowed:
        raise AskedTooOftenError
    with transaction.atomic():
        provider = _hold_provider(provider_id)
        open_already = _open_of(user, provider)
        if open_already is not None:
            return open_already
        _refuse_needless(user, provider, at)
        made = JoinRequest.objects.create(
            user=user,
            provider=provider,
            number=number,
            note=note,
            asked_at=at,
            expires_at=at + REQUEST_LIFE,
        )
        _record("sent", made, by=user.id, at=at)
        tell_admins(provider.group_id, at=at)
    return made


@transaction.atomic
def ask_from_outside(
    *, asker: Asker, provider_ids: Iterable[UUID], at: datetime
) -> list[JoinRequest]:
    """Put the requests of somebody without an account into the queues; sent twice, each is one.

    Called by registration when it works off what a public page took, for providers whose numbers
    were right. A provider that was given up, has five such requests already, or has refused the
    address some days ago, with or without an account, gets none: nobody is told. Mails
    the admins. Records `join_request.sent`.
    """
    found = []
    wanted = sorted(provider_ids)
    hold_groups(Provider.objects.filter(pk__in=wanted).values_list("group_id", flat=True))
    for provider_id in wanted:
        try:
            provider = _hold_provider(provider_id)
        except JoinNotPossibleError:
            continue
        waiting = provider.join_requests.filter(state=JoinState.OPEN, user__isnull=True)
        if waiting.count() >= FROM_OUTSIDE or _has_asked(asker.email, provider, at):
            continue
        made = JoinRequest.objects.create(
            provider=provider, asked_at=at, expires_at=at + REQUEST_LIFE, **asdict(asker)
        )
        _record("sent", made, by=None, at=at)
        tell_admins(provider.group_id, at=at)
        found.append(made)
    return found


@transaction.atomic
def approve_join(
    *, request_id: UUID, role: str, by: UUID, entered: Entered, at: datetime
) -> JoinRequest:
    """Give the person a role at the provider that they asked for, and tell them.

    Called by Setup, which has loaded the request through the admin's reach. Records
    `join_request.approved` and `membership.granted`. Raises RequestOverError,
    ChangedMeanwhileError when the admin decides nothing there by now, RoleNotYoursError,
    NotEnteredError.
    """
    held = _hold_open(request_id)
    if held.user is None or not held.user.is_active or _works_there(held):
        raise RequestOverError
    made = place_role(
        user=held.user,
        provider=held.provider,
        role=role,
        by=by,
        entered=entered,
        at=at,
        permission=Permission.REQUESTS_DECIDE,
    )
    # The answer to the request names the role: no second mail.
    step = RoleStep(held.user, made.provider or held.provider.group, None, role)
    sign_out_of_other_roles([step], by=by, at=at)
    return _decide(held, JoinState.APPROVED, role=role, by=by, at=at)


@transaction.atomic
def approve_by_invitation(
    *,
    request_id: UUID,
    invitee: Invitee,
    providers: Sequence[Provider],
    role: str,
    contract: ActiveContract,
    host: str,
    by: UUID,
    entered: Entered,
    at: datetime,
) -> Invitation:
    """Approve the request of somebody without an account: they get an invitation by mail.

    Called by Add New User, which an admin opened from the request. Records
    `join_request.approved` and what `invite_user` records. Raises RequestOverError, and what
    `invite_user` raises.
    """
    held = _hold_open(request_id)
    if held.user is not None:
        raise RequestOverError
    _require_to_decide(held, by)
    invitation = invite_user(
        invitee=invitee,
        providers=providers,
        role=role,
        contract=contract,
        host=host,
        by=by,
        entered=entered,
        at=at,
    )
    _decide(held, JoinState.APPROVED, role=role, by=by, at=at)
    return invitation


@transaction.atomic
def refuse_join(*, request_id: UUID, reason: str, by: UUID, at: datetime) -> JoinRequest:
    """Refuse a request with a reason, which the person reads.

    Called by Setup. Records `join_request.refused`, without the words. Raises RequestOverError,
    ChangedMeanwhileError when the admin decides nothing there by now.
    """
    held = _hold_open(request_id)
    _require_to_decide(held, by)
    return _decide(held, JoinState.REFUSED, reason=reason, by=by, at=at)


@transaction.atomic
def withdraw_join(*, request_id: UUID, by: UUID, at: datetime) -> None:
    """Take one's own request back. Records `join_request.withdrawn`. Raises RequestOverError.

    Called by the person's own page, which has loaded it as theirs.
    """
    held = _hold_open(request_id)
    end_request(held, JoinState.WITHDRAWN, at=at)
    _record("withdrawn", held, by=by, at=at)


def end_overdue(*, at: datetime) -> int:
    """End the requests that nobody answered in time or nobody can answer any more; tell whom.

    Called hourly; twice is once. Also mails admins what was held back. Records
    `join_request.expired`, `join_request.voided`. Returns how many ended.
    """
    waiting = JoinRequest.objects.filter(state=JoinState.OPEN)
    ended = sum(_end_if_due(key, at) for key in waiting.values_list("id", flat=True))
    untold = waiting.filter(told_at__isnull=True).values_list("provider__group_id", flat=True)
    for group_id in untold.distinct():
        with transaction.atomic():
            hold_group(group_id)
            tell_admins(group_id, at=at)
    return ended


def end_request(held: JoinRequest, state: JoinState, *, at: datetime) -> None:
    """Close a request that the caller holds."""
    held.state, held.ended_at = state, at
    held.save(update_fields=["state", "ended_at", "role", "reason", "decided_by"])


@transaction.atomic
def _end_if_due(key: UUID, at: datetime) -> bool:
    try:
        held = _hold(key)
    except RequestOverError:
        return False
    is_void = (
        held.provider.status != ProviderStatus.ACTIVE or not held.is_waiting or _works_there(held)
    )
    if not is_void and held.expires_at > at:
        return False
    state = JoinState.VOID if is_void else JoinState.EXPIRED
    end_request(held, state, at=at)
    _record("voided" if is_void else "expired", held, by=None, at=at)
    tell_person(held, at=at)
    return True


def _require_to_decide(held: JoinRequest, by: UUID) -> None:
    own = roles_to_act_with(by, held.provider)
    if not any_may(own, Permission.REQUESTS_DECIDE, held.provider.contract_id):
        raise ChangedMeanwhileError


def _works_there(held: JoinRequest) -> bool:
    return held.user is not None and holds_own_role(held.user.id, held.provider)


def _decide(
    held: JoinRequest,
    state: JoinState,
    *,
    role: str = "",
    reason: str = "",
    by: UUID,
    at: datetime,
) -> JoinRequest:
    held.role, held.reason, held.decided_by = role, reason, by
    end_request(held, state, at=at)
    _record(str(state), held, by=by, at=at)
    tell_person(held, at=at)
    return held


def _hold_provider(provider_id: UUID) -> Provider:
    group_id = Provider.objects.values_list("group_id", flat=True).get(pk=provider_id)
    hold_group(group_id)
    provider = Provider.objects.get(pk=provider_id)
    # Nobody could approve it at one that is leaving the roster.
    if provider.status != ProviderStatus.ACTIVE or provider.suspends_at is not None:
        raise JoinNotPossibleError
    return provider


def _open_of(user: User, provider: Provider) -> JoinRequest | None:
    return JoinRequest.objects.filter(user=user, provider=provider, state=JoinState.OPEN).first()


def _refuse_needless(user: User, provider: Provider, at: datetime) -> None:
    if holds_own_role(user.id, provider):
        raise AlreadyThereError
    if provider.join_requests.filter(_refused_lately(at), user=user).exists():
        raise RefusedLatelyError


def _has_asked(email: str, provider: Provider, at: datetime) -> bool:
    """Tell whether an address waits already, or was refused lately; also that of an account.

    Who has an account is asked about the account alone (`_refuse_needless`): anybody can type an
    address outside, and have it refused.
    """
    asked = provider.join_requests.alias(address=Lower(Coalesce("user__email", "email")))
    outside = Q(state=JoinState.OPEN, user__isnull=True)
    return asked.filter(outside | _refused_lately(at), address=email.lower()).exists()


def _refused_lately(at: datetime) -> Q:
    return Q(state=JoinState.REFUSED, ended_at__gt=at - REFUSED_FOR)


def _hold_open(request_id: UUID) -> JoinRequest:
    """Return a request that can be decided, with its group and its row held."""
    held = _hold(request_id)
    if held.provider.status != ProviderStatus.ACTIVE:
        raise RequestOverError
    return held


def _hold(request_id: UUID) -> JoinRequest:
    held = hold_request(JoinRequest.objects.filter(state=JoinState.OPEN), request_id)
    if held is None:
        raise RequestOverError
    return held


def _record(verb: str, held: JoinRequest, *, by: UUID | None, at: datetime) -> None:
    record(
        f"join_request.{verb}",
        contract_id=held.provider.contract_id,
        actor_id=by,
        subject=("join_request", held.id),
        data={
            "provider": str(held.provider_id),
            "account": str(held.user_id) if held.user_id else None,
            **({"role": held.role} if held.role else {}),
        },
        at=at,
    )
