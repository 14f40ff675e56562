"""Mails that tell the owner of an account what happened to its factors."""

from datetime import datetime
from typing import Final

from core.accounts.models import User
from core.common.context import current_context
from core.notifications.composing import compose_mail
from core.notifications.kinds import MessageKind, Rendered, Weight
from core.notifications.models import OutboxMessage
from core.notifications.services.outbox import enqueue

_KIND: Final = "factor_notice"
# What happened: the heading of the mail and its sentence.
_WORDS: Final = {
    "phone_added": (
        "A phone number was added",
        "A phone number was added to your account. Texts and calls to it confirm that it is you.",
    ),
    "phone_changed": (
        "Your phone number for sign-in was changed",
        "Texts and calls that confirm that it is you now go to another phone number.",
    ),
    "totp_added": (
        "An authenticator app was added",
        "An authenticator app was added to your account. Its codes now confirm that it is you.",
    ),
    "totp_removed": (
        "Your authenticator app was removed",
        "The authenticator app was removed from your account. Its codes no longer work.",
    ),
    "passkey_added": (
        "A passkey was added",
        "A passkey or security key was added to your account. It now confirms that it is you.",
    ),
    "passkey_removed": (
        "A passkey was removed",
        "A passkey or security key was removed from your account. It no longer works.",
    ),
    "passkey_suspended": (
        "A passkey was stopped",
        "It was used as if it had been copied. Sign in another way, remove it and add a new one.",
    ),
    "recovery_codes_issued": (
        "New recovery codes were made",
        "New recovery codes were made for your account. Older ones no longer work.",
    ),
    "recovery_code_used": (
        "A recovery code was used",
        "One of your recovery codes was used to confirm that it is you.",
    ),
}


def tell_owner(user: User, what: str, *, at: datetime, left: int | None = None) -> None:
    """Write the mail about a change into the outbox, in the transaction of the change.

    `what` is one of those above; `left` how many recovery codes there still are.
    """
    if what not in _WORDS:
        raise LookupError(what)
    enqueue(
        kind=_KIND,
        to=user.email,
        subject_id=user.id,
        account_id=user.id,
        contract_id=current_context().contract_id,
        context={"what": what, "happened_at": at.isoformat(), "left": left},
        at=at,
    )


def prepare_factor_notice(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Make the mail. It goes where the row says: to the address that the account had then."""
    user = User.objects.filter(pk=message.subject_id).first()
    if user is None:
        return None
    heading, sentence = _WORDS[str(message.context["what"])]
    happened_at = datetime.fromisoformat(str(message.context["happened_at"]))
    context = {
        "user": user,
        "heading": heading,
        "sentence": sentence,
        "left": message.context.get("left"),
        "happened_at": happened_at,
    }
    return compose_mail(message, "factor_notice", context)


FACTOR_NOTICE = MessageKind(
    name=_KIND,
    channel="email",
    at_most_once=False,
    prepare=prepare_factor_notice,
    weight=Weight.NOTICE,
)
