"""Tick lines of the go-live list, and send oneself a mail, text or call of the contract."""

from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from contracts.console.going_live.items import ITEMS
from contracts.console.models import GoLiveTick
from core.accounts.models import User
from core.audit.recording import record
from core.common.errors import DomainError
from core.mfa.models import FactorKind
from core.notifications.models import OutboxMessage
from core.notifications.services.outbox import enqueue
from core.notifications.states import Channel
from tenants.models import Contract

TRIAL_KINDS: Final = {
    Channel.EMAIL.value: "contract_trial_mail",
    Channel.SMS.value: "contract_trial_text",
    Channel.VOICE.value: "contract_trial_call",
}
_BETWEEN: Final = timedelta(minutes=1)
"""Own figure: longer than a double click, shorter than anybody waits before trying again."""
_OF_LIFE: Final = timedelta(minutes=15)


class UnknownItemError(DomainError):
    """There is no such line."""

    code: ClassVar[str] = "go_live_unknown_item"


class TrialTooSoonError(DomainError):
    """The same was sent a moment ago."""

    code: ClassVar[str] = "trial_too_soon"
    message: ClassVar[str] = "One is on its way. You can ask for another one in a minute."


class NoNumberError(DomainError):
    """The account has no phone that it has proven."""

    code: ClassVar[str] = "trial_no_number"
    message: ClassVar[str] = (
        "Your account has no verified phone. Add one under Preferences, and ask again."
    )


@transaction.atomic
def tick(*, contract_id: UUID, item: str, by: UUID, at: datetime) -> bool:
    """Vouch for a line. False: somebody did already, which stays as it is.

    Called by staff who configure the contract. Records `go_live.ticked`. Raises UnknownItemError.
    """
    if item not in ITEMS:
        raise UnknownItemError
    _hold(contract_id)
    if present_ticks(contract_id).filter(item=item).exists():
        return False
    made = GoLiveTick.objects.create(contract_id=contract_id, item=item, ticked_by=by, ticked_at=at)
    _record("go_live.ticked", made, by=by, at=at)
    return True


@transaction.atomic
def take_back(*, contract_id: UUID, item: str, by: UUID, at: datetime) -> bool:
    """Take a tick back; who made it and when stays known. False: there is none.

    Called by staff who configure the contract. Records `go_live.taken_back`.
    """
    _hold(contract_id)
    found = present_ticks(contract_id).filter(item=item).first()
    if found is None:
        return False
    GoLiveTick.objects.filter(pk=found.pk).update(taken_back_by=by, taken_back_at=at)
    _record("go_live.taken_back", found, by=by, at=at)
    return True


@transaction.atomic
def send_trial(*, contract_id: UUID, channel: str, user: User, at: datetime) -> OutboxMessage:
    """Send somebody a mail, text or call in the contract's name: to their own address or phone.

    Called by staff who configure the contract. It goes through the outbox like everything else, and
    is kept back when the month's budget is spent. Records `go_live.trial`. Raises NoNumberError and
    TrialTooSoonError.
    """
    _hold(contract_id)
    kind = TRIAL_KINDS[channel]
    recent = list_trials(contract_id).filter(kind=kind, created_at__gt=at - _BETWEEN)
    if recent.filter(account_id=user.id).exists():
        raise TrialTooSoonError
    message = enqueue(
        kind=kind,
        to=user.email if channel == Channel.EMAIL else _number_of(user),
        subject_id=contract_id,
        contract_id=contract_id,
        account_id=user.id,
        not_after=at + _OF_LIFE,
        at=at,
    )
    record(
        "go_live.trial",
        contract_id=contract_id,
        actor_id=user.id,
        subject=("outbox_message", message.id),
        data={"channel": channel},
        at=at,
    )
    return message


def present_ticks(contract_id: UUID) -> QuerySet[GoLiveTick]:
    """Return the lines for which somebody vouches now."""
    return GoLiveTick.objects.filter(contract_id=contract_id, taken_back_at=None)


def list_trials(contract_id: UUID) -> QuerySet[OutboxMessage]:
    """Return the trial messages of a contract that the outbox still has."""
    kinds = TRIAL_KINDS.values()
    return OutboxMessage.objects.filter(subject_id=contract_id, kind__in=kinds)


def _number_of(user: User) -> str:
    factor = user.factors.filter(kind=FactorKind.PHONE).first()
    if factor is None:
        raise NoNumberError
    return str(factor.phone)


def _hold(contract_id: UUID) -> None:
    Contract.objects.select_for_update(of=("self",)).only("id").get(pk=contract_id)


def _record(event: str, found: GoLiveTick, *, by: UUID, at: datetime) -> None:
    record(
        event,
        contract_id=found.contract_id,
        actor_id=by,
        subject=("go_live_tick", found.pk),
        data={"item": found.item},
        at=at,
    )
