"""The mail with the code that proves a new address; its owner is told where it is somebody's."""

from datetime import datetime

from core.accounts.models import User
from core.accounts.policies import find_contract
from core.accounts.selectors import find_account_by_email
from core.mfa.messages import mint_code, wanted_challenge
from core.mfa.models import Challenge
from core.mfa.services.challenges import CHANGE_CODE_KIND
from core.mfa.wording import life_in_words
from core.notifications.composing import compose_mail
from core.notifications.kinds import MessageKind, Rendered
from core.notifications.models import OutboxMessage
from tenants.routing import absolute_reverse


def prepare_change_code(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Mint the code and make the mail.

    Where the address belongs to another account, a code is minted that nobody gets: its life runs
    on the page, which must not tell. The owner of that account is told in place of it.
    """
    challenge = wanted_challenge(message, at)
    if challenge is None:
        return None
    code = mint_code(challenge, at=at)
    owner = find_account_by_email(challenge.destination)
    if owner is not None and owner.id != challenge.owner_id:
        return _to_owner(message, owner)
    return _with_code(message, challenge, code)


def _with_code(message: OutboxMessage, challenge: Challenge, code: str) -> Rendered:
    context = {"code": code, "life": life_in_words(challenge.life_seconds)}
    return compose_mail(
        message,
        "email_change_code",
        context,
        to=challenge.destination,
        code=code,
        life_seconds=challenge.life_seconds,
    )


def _to_owner(message: OutboxMessage, owner: User) -> Rendered:
    contract = find_contract(message.contract_id) if message.contract_id else None
    context = {
        "user": owner,
        "sign_in": absolute_reverse("login_options", contract=contract),
        "help": absolute_reverse("mfa_help", contract=contract),
    }
    return compose_mail(
        message, "email_change_refused", context, to=owner.email, link=str(context["sign_in"])
    )


# Without a listener for the outcome: a mail that was refused must not show on the page.
CHANGE_CODE = MessageKind(
    name=CHANGE_CODE_KIND, channel="email", at_most_once=True, prepare=prepare_change_code
)
