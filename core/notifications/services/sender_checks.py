"""Ask the providers how our senders stand, and keep what they say."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from core.audit.recording import record
from core.common.purging import delete_in_batches
from core.common.turns import hold_turn
from core.notifications.channels.standing import NotSaidError, Standing
from core.notifications.models import SenderCheck
from core.notifications.senders import is_asked_for, temporary_address, text_sender
from core.notifications.states import Channel, SenderStanding
from tenants import registry

GOOD_EVERY: Final = timedelta(hours=1)
"""How often a sender is asked for that was ready; others at every run. Own figure."""
KEPT: Final = timedelta(days=400)


@dataclass(frozen=True, order=True)
class SenderTarget:
    """One sender: an address for mail, a number or pool for texts, a contact flow for calls."""

    channel: str
    identity: str


def list_sender_targets() -> list[SenderTarget]:
    """Return the senders in use whose provider can be asked, each once."""
    return sorted(set(_addresses()) | set(_of_deployment()))


def targets_of_address(address: str) -> list[SenderTarget]:
    """Return what one contract's messages go out from: its address, and the deployment's rest."""
    wanted = {address, temporary_address()}
    return [
        one
        for one in list_sender_targets()
        if one.channel != Channel.EMAIL or one.identity in wanted
    ]


def check_due_senders(*, at: datetime) -> int:
    """Ask for every sender whose last word is long enough ago; returns how many answered."""
    recent = SenderCheck.objects.filter(
        ended_at=None, standing=SenderStanding.VERIFIED, failure="", asked_at__gt=at - GOOD_EVERY
    )
    known = {SenderTarget(one.channel, one.identity) for one in recent}
    return check_senders([one for one in list_sender_targets() if one not in known], at=at)


def check_senders(targets: Iterable[SenderTarget], *, at: datetime) -> int:
    """Ask for senders, those first that wait longest; returns how many the provider told.

    `at` is when the asking begins: of two that go on side by side the later one counts.

    Called by workers and the command. A provider that cannot be asked is left alone until the next
    time: every further question would wait as long. Records `sender.ready`, `sender.not_ready`.
    """
    asked_at = {
        (one.channel, one.identity): one.asked_at
        for one in SenderCheck.objects.filter(ended_at=None)
    }
    never = at - KEPT
    ordered = sorted(
        targets, key=lambda one: (asked_at.get((one.channel, one.identity), never), one)
    )
    silent: set[str] = set()
    told = 0
    for target in ordered:
        if target.channel in silent:
            continue
        try:
            standing = _ask(target)
        except NotSaidError as error:
            silent.add(target.channel)
            keep_failure(target, error.reason, at=at)
        else:
            keep_standing(target, standing, at=at)
            told += 1
    return told


@transaction.atomic
def keep_standing(target: SenderTarget, found: Standing, *, at: datetime) -> SenderCheck:
    """Keep what a provider said; the same as before makes the present row longer.

    A word that was asked for before the newest one changes nothing. Records `sender.ready` and
    `sender.not_ready` where that changes.
    """
    present = _hold(target)
    if present is not None and present.asked_at > at:
        return present
    if present is not None and present.standing == found.standing:
        present.times, present.last_at, present.asked_at = present.times + 1, at, at
        present.facts, present.failure = found.facts, ""
        present.save(update_fields=["times", "last_at", "asked_at", "facts", "failure"])
        return present
    if present is not None:
        SenderCheck.objects.filter(pk=present.pk).update(ended_at=at)
    made = _make(target, found, at=at)
    if present is None or present.may_send != made.may_send:
        record(
            "sender.ready" if made.may_send else "sender.not_ready",
            subject=("sender_check", made.pk),
            data={"channel": target.channel, "standing": made.standing},
            at=at,
        )
    return made


@transaction.atomic
def keep_failure(target: SenderTarget, reason: str, *, at: datetime) -> SenderCheck:
    """Keep that a provider could not be asked; what it said before stays."""
    present = _hold(target)
    if present is None:
        return _make(target, Standing(SenderStanding.UNKNOWN), failure=reason[:80], at=at)
    if present.asked_at > at:
        return present
    present.failure, present.asked_at = reason[:80], at
    present.save(update_fields=["failure", "asked_at"])
    return present


def purge_sender_checks(*, at: datetime) -> int:
    """Delete words that ended long ago, and those about senders that nobody asks for any more."""
    old = at - KEPT
    over = SenderCheck.objects.filter(Q(ended_at__lt=old) | Q(asked_at__lt=old))
    return delete_in_batches(over)


def _hold(target: SenderTarget) -> SenderCheck | None:
    hold_turn("sender-check", f"{target.channel}:{target.identity}")
    rows = SenderCheck.objects.filter(channel=target.channel, identity=target.identity)
    return rows.filter(ended_at=None).first()


def _make(target: SenderTarget, found: Standing, *, at: datetime, failure: str = "") -> SenderCheck:
    return SenderCheck.objects.create(
        channel=target.channel,
        identity=target.identity,
        standing=found.standing,
        facts=found.facts,
        failure=failure,
        first_at=at,
        last_at=at,
        asked_at=at,
    )


def _ask(target: SenderTarget) -> Standing:
    # Amazon's library is loaded where it is asked for: no page does.
    from core.notifications.channels import aws_standing  # noqa: PLC0415

    if target.channel == Channel.EMAIL:
        return aws_standing.standing_of_address(target.identity)
    if target.channel == Channel.SMS:
        return aws_standing.standing_of_texts(target.identity)
    return aws_standing.standing_of_flow(str(settings.AWS_CONNECT_INSTANCE_ID), target.identity)


def _addresses() -> Iterator[SenderTarget]:
    if not is_asked_for(Channel.EMAIL):
        return
    deployment = registry.get_deployment()
    yield SenderTarget(Channel.EMAIL, deployment.brand.sender_address)
    for address in deployment.channels.email.senders:
        yield SenderTarget(Channel.EMAIL, address)
    for contract in registry.list_contracts():
        yield SenderTarget(Channel.EMAIL, contract.document.brand.sender_address)


def _of_deployment() -> Iterator[SenderTarget]:
    number, flow = text_sender(), str(settings.AWS_CONNECT_CONTACT_FLOW_ID)
    if number and is_asked_for(Channel.SMS):
        yield SenderTarget(Channel.SMS, number)
    if flow and settings.AWS_CONNECT_INSTANCE_ID and is_asked_for(Channel.VOICE):
        yield SenderTarget(Channel.VOICE, flow)
