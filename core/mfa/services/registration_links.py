"""Links that begin MFA registration anew: asked for, made at hand-over, used once."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from core.accounts.models import User
from core.accounts.policies import Policy
from core.accounts.selectors import find_account_by_username
from core.accounts.services.throttle import record_refusal
from core.audit.recording import record
from core.common.tokens import has_token, new_token
from core.mfa.models import LinkReason, MfaRegistration, RegistrationLink
from core.mfa.registering.link_requests import LinkTarget
from core.mfa.selectors import kinds_of
from core.mfa.services.registrations import begin_mfa_registration
from core.notifications.services.outbox import enqueue
from tenants.context import ActiveContract

REQUESTED_KIND: Final = "account_registration_link"
RESET_KIND: Final = "account_registration_reset"
SOURCE_KIND: Final = "account"
"""Under which MFA registration knows accounts (core.mfa.services.own_account)."""

_DIGEST_PURPOSE: Final = "account-registration-link"
# Own figure: a mail that could not leave within the hour is not what the person waits for.
_WAITS_AT_MOST: Final = timedelta(hours=1)


def find_account_target(name: str, contract_id: UUID | None, at: datetime) -> LinkTarget | None:
    """Return the mail for the account with a username (a `LinkFinder` of core.mfa.registering).

    Every account gets one: where there is nothing to register any more, the mail says how to sign
    in. It goes out in the name of the contract on whose pages the username was typed.
    """
    user = find_account_by_username(name)
    if user is None:
        return None
    return LinkTarget(
        kind=REQUESTED_KIND,
        to=user.email,
        subject=("account", user.id),
        contract_id=contract_id,
        account_id=user.id,
        not_after=at + _WAITS_AT_MOST,
    )


def enqueue_account_link(
    *, user: User, reason: LinkReason, contract_id: UUID | None, at: datetime
) -> None:
    """Put the mail with a link into the outbox, in the caller's transaction.

    Called by whoever has decided that the owner shall have one. The link is made when the mail is
    handed over; one that waits gives way to a newer one.
    """
    is_reset = reason == LinkReason.RESET
    enqueue(
        kind=RESET_KIND if is_reset else REQUESTED_KIND,
        to=user.email,
        subject_id=user.id,
        account_id=user.id,
        contract_id=contract_id,
        not_after=None if is_reset else at + _WAITS_AT_MOST,
        at=at,
    )


def life_of(reason: LinkReason, policy: Policy) -> timedelta:
    """Return how long a link lives under a policy."""
    if reason == LinkReason.RESET:
        return timedelta(hours=policy.links.reset_registration_hours)
    return timedelta(minutes=policy.links.registration_minutes)


def mint_account_token(
    *, user: User, reason: LinkReason, contract_id: UUID | None, life: timedelta, at: datetime
) -> tuple[str, datetime]:
    """Give an account a fresh link; returns its token and its end. The older one is dead.

    Called at hand-over of the mail, in its transaction: the life runs from then. Only the token's
    digest is kept.
    """
    fresh = new_token(_DIGEST_PURPOSE)
    RegistrationLink.objects.update_or_create(
        user=user,
        defaults={
            "contract_id": contract_id,
            "reason": reason,
            "token_digest": fresh.digest,
            "key_version": fresh.key_version,
            "security_epoch": user.security_epoch,
            "created_at": at,
            "expires_at": at + life,
            "used_at": None,
        },
    )
    return fresh.token, at + life


@transaction.atomic
def follow_account_link(
    *, contract: ActiveContract | None, token: str, at: datetime
) -> MfaRegistration | None:
    """Use a link: once, within its life, on the pages that it names.

    Called by the button on the link page (GET does nothing: mail scanners follow links). Begins
    MFA registration and records `registration_link.followed`; None, recorded as
    `registration_link.refused`, when the link is used, expired, replaced or unknown, and when the
    account is locked, closed or registered meanwhile.
    """
    link = _find_by_token(token)
    if link is None or not _can_be_used(link, contract, at):
        record_refusal(
            "registration_link.refused",
            contract_id=contract.id if contract else None,
            subject=("account", link.user_id) if link else None,
            result="refused",
            at=at,
        )
        return None
    link.used_at = at
    link.save(update_fields=["used_at"])
    record(
        "registration_link.followed",
        contract_id=link.contract_id,
        subject=("account", link.user_id),
        data={"reason": link.reason},
        at=at,
    )
    return begin_mfa_registration(
        source_kind=SOURCE_KIND, source_id=link.user_id, contract=contract, by_link=True, at=at
    )


def _find_by_token(token: str) -> RegistrationLink | None:
    links = RegistrationLink.objects.select_for_update(of=("self",)).select_related("user")
    return links.filter(has_token(_DIGEST_PURPOSE, token)).first()


def _can_be_used(link: RegistrationLink, contract: ActiveContract | None, at: datetime) -> bool:
    user = link.user
    return (
        link.contract_id == (contract.id if contract else None)
        and link.used_at is None
        and at < link.expires_at
        and link.security_epoch == user.security_epoch
        and user.is_active
        and not user.signs_in_elsewhere
        and not user.is_locked(at)
        and not kinds_of(user.id)
    )
