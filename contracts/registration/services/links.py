"""Registration links: made when the mail is handed over, used once, replaced on request."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from contracts.registration.kinds import ADDRESS_CHANGED_KIND, LINK_KIND, NOBODY
from contracts.registration.models import PendingRegistration
from contracts.registration.selectors import find_open_by_username
from contracts.registration.services.reservations import forget_link
from contracts.registration.states import OPEN, RegistrationState, check_transition
from core.accounts.selectors import email_is_taken
from core.accounts.services.attempts import THROTTLED, Allowance, Limit, count_attempt
from core.accounts.services.throttle import record_refusal
from core.audit.recording import record
from core.common.ids import uuid7
from core.common.tokens import has_token, new_token
from core.mfa.models import MfaRegistration
from core.mfa.registering.link_requests import LinkTarget, find_link_target
from core.mfa.services.registrations import begin_mfa_registration
from core.notifications.services.outbox import enqueue
from tenants.context import ActiveContract

SOURCE_KIND: Final = "registration"
"""Under which MFA registration knows pending registrations; the id is their `follow_id`."""

_BY_ADDRESS: Final = {"limit": "address"}
_DIGEST_PURPOSE = "registration.link"
# Own figures: a mail a minute and five in an hour for one registration. Resend, Reset and a
# corrected address count apart, and Reset per network: a stranger who knows a username uses up
# nothing of what its owner may ask for. What arrives in all is bounded by a wider limit.
_MAILS_PER_HOUR: Final = 5
_RESETS_PER_USERNAME: Final = 15
_RESETS_PER_ADDRESS: Final = 20
_HOUR: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(minutes=1)


def enqueue_link(pending: PendingRegistration, *, at: datetime) -> None:
    """Put a mail with the link into the outbox, in the caller's transaction.

    One that still waits gives way to it when it is prepared: the newest is the one to count.
    """
    enqueue(
        kind=LINK_KIND,
        to=pending.email,
        subject_id=pending.id,
        contract_id=pending.contract_id,
        not_after=pending.reserved_until,
        at=at,
    )


def mint_token(*, pending: PendingRegistration, life: timedelta, at: datetime) -> str:
    """Give a live registration a fresh link and return its token; older links are dead.

    Called at hand-over of the mail, with the row locked: the life runs from then, and never past
    the end of the reservation. Only the token's digest is kept.
    """
    fresh = new_token(_DIGEST_PURPOSE)
    pending.token_digest, pending.key_version = fresh.digest, fresh.key_version
    pending.link_expires_at = min(at + life, pending.reserved_until)
    pending.link_used_at = None
    pending.save(update_fields=["key_version", "token_digest", "link_expires_at", "link_used_at"])
    return fresh.token


def resend_link(*, pending_id: UUID, at: datetime) -> Allowance:
    """Mail a new link to the address that the registration has.

    Called from the confirmation page. Counted per registration; `retry_at` of the answer says when
    the next mail is possible. Records `registration.link_requested`, refused ones as `throttled`.
    """
    allowance = count_attempt(limits=_mail_limits("link", str(pending_id)), at=at)
    with transaction.atomic():
        pending = _lock_open(pending_id, at)
        if pending is not None and allowance.allowed:
            enqueue_link(pending, at=at)
        if pending is not None:
            result = "ok" if allowance.allowed else THROTTLED
            _record("registration.link_requested", pending, at, result=result)
    return allowance


def request_link(
    *, username: str, address: str, contract_id: UUID | None, at: datetime
) -> Allowance:
    """Mail a new link to whoever a username belongs to, if to anybody.

    That is a registrant, or the owner of an account: of one that came from an earlier portal, was
    reset, or has not finished (core.mfa.registering.link_requests). Called by the public page of
    Reset and of *Forgot Password?* at the first login, which answers the same whatever is found;
    `contract_id` is the contract on whose pages it was asked. Counted per network address, per
    username within it, and per username wherever it comes from. Refused requests are answered the
    same, too, but for the address's own limit, which tells nothing about usernames. Records
    `registration.link_requested` with `reset`, `unknown` or `throttled`.

    The work is the same whether anybody has the username or not, so that the time tells nothing
    either (account-security.md, "Nobody learns"): a row in the outbox in any case, and whoever
    prepares the mail finds out that nobody is there to have it.
    """
    allowance = count_attempt(
        limits=[Limit("reset.address", address, _RESETS_PER_ADDRESS, _HOUR)], at=at
    )
    if not allowance.allowed:
        with transaction.atomic():
            record_refusal("registration.link_requested", result=THROTTLED, data=_BY_ADDRESS, at=at)
        return allowance
    name = username.strip().lower()
    by_asker = _mail_limits("reset", f"{address} {name}")
    by_anybody = Limit("reset.username", name, _RESETS_PER_USERNAME, _HOUR)
    counted = count_attempt(limits=[*by_asker, by_anybody], at=at)
    target = find_link_target(name, contract_id=contract_id, at=at)
    with transaction.atomic():
        if counted.allowed:
            _enqueue_target(target or _nobody(at), at)
        record(
            "registration.link_requested",
            contract_id=target.contract_id if target else None,
            subject=target.subject if target else None,
            result=("reset" if target else "unknown") if counted.allowed else THROTTLED,
            at=at,
        )
    return allowance


def find_pending_target(name: str, contract_id: UUID | None, at: datetime) -> LinkTarget | None:
    """Return the mail for the registration that reserves a username (a LinkFinder).

    It goes out in the name of the registration's own contract, wherever it was asked for.
    """
    pending = find_open_by_username(name, at=at)
    if pending is None:
        return None
    return LinkTarget(
        kind=LINK_KIND,
        to=pending.email,
        subject=("pending_registration", pending.id),
        contract_id=pending.contract_id,
        account_id=None,
        not_after=pending.reserved_until,
    )


def _nobody(at: datetime) -> LinkTarget:
    return LinkTarget(LINK_KIND, NOBODY, ("nobody", uuid7()), None, None, at + _HOUR)


def _enqueue_target(target: LinkTarget, at: datetime) -> None:
    enqueue(
        kind=target.kind,
        to=target.to,
        subject_id=target.subject[1],
        contract_id=target.contract_id,
        account_id=target.account_id,
        not_after=target.not_after,
        at=at,
    )


@dataclass(frozen=True)
class CorrectionResult:
    """Whether a corrected address was taken; `retry_at` where too many were sent."""

    accepted: bool
    retry_at: datetime | None = None


def correct_address(*, pending_id: UUID, email: str, at: datetime) -> CorrectionResult:
    """Send the link to another address: kills the old link and whatever was begun with it.

    Called from the contact page by whoever submitted the registration or proved identifier and
    code again. Tells the old address, without naming the new one. Records
    `registration.address_corrected`, refused ones as `throttled`. Not accepted when the
    registration is no longer open.
    """
    allowance = count_attempt(limits=_mail_limits("correct", str(pending_id)), at=at)
    with transaction.atomic():
        pending = _lock_open(pending_id, at)
        if pending is None:
            return CorrectionResult(accepted=False, retry_at=allowance.retry_at)
        if not allowance.allowed:
            _record("registration.address_corrected", pending, at, result=THROTTLED)
            return CorrectionResult(accepted=False, retry_at=allowance.retry_at)
        old = pending.email
        if old.lower() != email.lower():
            _move_to(pending, email)
            enqueue(
                kind=ADDRESS_CHANGED_KIND,
                to=old,
                subject_id=pending.id,
                contract_id=pending.contract_id,
                at=at,
            )
            _record("registration.address_corrected", pending, at)
        enqueue_link(pending, at=at)
    return CorrectionResult(accepted=True)


def _move_to(pending: PendingRegistration, email: str) -> None:
    if pending.state != RegistrationState.SUBMITTED:
        check_transition(pending.state, RegistrationState.SUBMITTED)
    pending.state = RegistrationState.SUBMITTED
    pending.email = email
    forget_link(pending)
    pending.save()


@dataclass(frozen=True)
class FollowResult:
    """What a link led to: MFA registration, or the sign-in of an account with that address."""

    pending: PendingRegistration
    mfa_registration: MfaRegistration | None


def follow_link(*, contract: ActiveContract, token: str, at: datetime) -> FollowResult | None:
    """Use a registration link: once, within its life, in its own contract, whatever it leads to.

    Called by the button on the link page (GET does nothing: mail scanners follow links). Begins
    MFA registration and records `registration.link_followed`; None, recorded as
    `registration.link_refused`, when the link is used, expired, replaced or unknown. Where the
    address has an account already nothing is begun: its owner signs in and adds the provider.
    """
    with transaction.atomic():
        pending = _find_by_token(token)
        if pending is None or not _can_be_used(pending, contract, at):
            record_refusal(
                "registration.link_refused", contract_id=contract.id, result="refused", at=at
            )
            return None
        pending.link_used_at = at
        pending.save(update_fields=["link_used_at"])
        if email_is_taken(pending.email):
            _record("registration.link_followed", pending, at, result="has_account")
            return FollowResult(pending, None)
        return FollowResult(pending, _begin_mfa(pending, contract, at))


def _begin_mfa(
    pending: PendingRegistration, contract: ActiveContract, at: datetime
) -> MfaRegistration:
    check_transition(pending.state, RegistrationState.LINK_USED)
    pending.state = RegistrationState.LINK_USED
    pending.follow_id = uuid7()
    pending.save(update_fields=["state", "follow_id"])
    _record("registration.link_followed", pending, at)
    return begin_mfa_registration(
        source_kind=SOURCE_KIND, source_id=pending.follow_id, contract=contract, at=at
    )


def _find_by_token(token: str) -> PendingRegistration | None:
    registrations = PendingRegistration.objects.select_for_update()
    return registrations.filter(has_token(_DIGEST_PURPOSE, token)).first()


def _can_be_used(pending: PendingRegistration, contract: ActiveContract, at: datetime) -> bool:
    return (
        pending.contract_id == contract.id
        and pending.state in OPEN
        and pending.link_used_at is None
        and pending.link_expires_at is not None
        and at < pending.link_expires_at
        and at < pending.reserved_until
    )


def _lock_open(pending_id: UUID, at: datetime) -> PendingRegistration | None:
    return (
        PendingRegistration.objects.select_for_update()
        .filter(id=pending_id, state__in=OPEN, reserved_until__gt=at)
        .first()
    )


def _mail_limits(what: str, subject: str) -> list[Limit]:
    return [
        Limit(f"{what}.minute", subject, 1, _MINUTE),
        Limit(f"{what}.hour", subject, _MAILS_PER_HOUR, _HOUR),
    ]


def _record(event: str, pending: PendingRegistration, at: datetime, *, result: str = "ok") -> None:
    record(
        event,
        contract_id=pending.contract_id,
        subject=("pending_registration", pending.id),
        result=result,
        at=at,
    )
