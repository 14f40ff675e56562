"""The mails that begin MFA registration anew; what they say is decided at hand-over."""

from datetime import datetime
from typing import Final

from core.accounts.models import User
from core.accounts.policies import effective_policy, find_contract
from core.mfa.models import LinkReason
from core.mfa.selectors import kinds_of
from core.mfa.services.registration_links import (
    REQUESTED_KIND,
    RESET_KIND,
    life_of,
    mint_account_token,
)
from core.notifications.composing import compose_mail
from core.notifications.kinds import MessageKind, Rendered
from core.notifications.models import OutboxMessage
from core.notifications.selectors import newer_than
from tenants.routing import absolute_reverse

_NO_LINK: Final = "account_registration_not_open"


def prepare_requested_link(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Mint the link that was asked for under a username, or say why there is none to mint.

    None for a name that is nobody's, for which the row was written all the same, when a newer mail
    was asked for, and when the account has another address by now. The owner of an account that is
    closed, locked or registered reads that: nobody else reads this mail.
    """
    return _prepare(message, LinkReason.REQUESTED, at=at)


def prepare_reset_link(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Mint the link after an administrator reset the registration."""
    return _prepare(message, LinkReason.RESET, at=at)


def _prepare(message: OutboxMessage, reason: LinkReason, *, at: datetime) -> Rendered | None:
    user = User.objects.select_for_update().filter(pk=message.subject_id).first()
    if user is None or user.email.lower() != message.to.lower() or _is_overtaken(message):
        return None
    why_not = _why_not_open(user, at=at)
    if why_not:
        return _mail(_NO_LINK, message, {"user": user, "why": why_not}, link="")
    token, ends_at = mint_account_token(
        user=user,
        reason=reason,
        contract_id=message.contract_id,
        life=life_of(reason, effective_policy(user.id)),
        at=at,
    )
    contract = find_contract(message.contract_id) if message.contract_id else None
    link = absolute_reverse("mfa:registration_link", contract=contract, kwargs={"token": token})
    context = {
        "user": user,
        "link": link,
        "ends_at": ends_at,
        "again_url": absolute_reverse("registration:reset", contract=contract),
        "first_login_url": absolute_reverse("mfa:first_login", contract=contract),
    }
    return _mail(message.kind, message, context, link=link)


def _is_overtaken(message: OutboxMessage) -> bool:
    """Tell whether a mail of the same sort was asked for later: the newest link counts."""
    return newer_than(message, REQUESTED_KIND, RESET_KIND).exists()


def _why_not_open(user: User, *, at: datetime) -> str:
    if not user.is_active:
        return "inactive"
    if kinds_of(user.id):
        return "registered"
    return "locked" if user.is_locked(at) else ""


def _mail(
    template: str, message: OutboxMessage, context: dict[str, object], *, link: str
) -> Rendered:
    return compose_mail(message, template, context, link=link)


LINK_KINDS = (
    MessageKind(
        name=REQUESTED_KIND, channel="email", at_most_once=False, prepare=prepare_requested_link
    ),
    MessageKind(name=RESET_KIND, channel="email", at_most_once=False, prepare=prepare_reset_link),
)
