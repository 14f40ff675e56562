"""The mail with the code of a password reset: who gets one is decided when it is handed over."""

from datetime import datetime

from core.accounts.models import User
from core.accounts.selectors import find_account_by_email
from core.mfa.messages import mint_code, wanted_challenge
from core.mfa.models import Challenge, PasswordReset
from core.mfa.services.challenges import RESET_CODE_KIND
from core.mfa.wording import life_in_words
from core.notifications.composing import compose_mail
from core.notifications.kinds import MessageKind, Rendered
from core.notifications.models import OutboxMessage


def prepare_reset_code(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Mint the code of a reset; None where the address is nobody's.

    The code is minted in any case: its life runs on the page, which must not tell whether a mail
    went out. The owner of a deactivated account is told so in place of a code.
    """
    challenge = wanted_challenge(message, at)
    if challenge is None:
        return None
    code = mint_code(challenge, at=at)
    reset = PasswordReset.objects.select_related("account").get(pk=challenge.binding)
    user = reset.account
    if user is None or not user.is_its_owners:
        return _to_inactive(message)
    if user.security_epoch != reset.security_epoch:
        return None
    return _with_code(message, challenge, user, code, at=at)


def _with_code(
    message: OutboxMessage, challenge: Challenge, user: User, code: str, *, at: datetime
) -> Rendered:
    context = {
        "code": code,
        "life": life_in_words(challenge.life_seconds),
        "is_locked": user.is_locked(at),
        "is_dormant": user.is_dormant,
    }
    return compose_mail(
        message,
        "password_reset_code",
        context,
        to=challenge.destination,
        code=code,
        life_seconds=challenge.life_seconds,
    )


def _to_inactive(message: OutboxMessage) -> Rendered | None:
    user = find_account_by_email(message.to)
    if user is None or user.is_its_owners:
        return None
    context = {"user": user}
    return compose_mail(message, "password_reset_inactive", context, to=user.email)


# Without a listener for the outcome: a mail that was refused must not show on the page.
RESET_CODE = MessageKind(
    name=RESET_CODE_KIND, channel="email", at_most_once=True, prepare=prepare_reset_code
)
