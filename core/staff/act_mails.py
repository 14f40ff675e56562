"""The mail that tells the owner of an account what somebody else did to it.

What staff do and what admins of a provider group do is told by one mail, in different sentences.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from core.accounts.models import User
from core.accounts.policies import find_contract
from core.notifications.composing import compose_mail
from core.notifications.kinds import Rendered
from core.notifications.models import OutboxMessage
from tenants.routing import absolute_reverse


@dataclass(frozen=True)
class ActMail:
    """What the mail about an act says, and the page that its button leads to.

    The sentence takes the facts of the act by their names.
    """

    heading: str
    sentence: str
    page: str = "login_options"
    button: str = "Sign in"


def compose_act_mail(
    message: OutboxMessage, acts: Mapping[str, ActMail], **facts: str
) -> Rendered | None:
    """Return the mail about an act, to the address of then; None when the account is gone."""
    user = User.objects.filter(pk=message.subject_id).first()
    if user is None:
        return None
    act = acts[str(message.context["what"])]
    contract = find_contract(message.contract_id) if message.contract_id else None
    context = {
        "user": user,
        "heading": act.heading,
        "sentence": act.sentence.format(**facts),
        "link": absolute_reverse(act.page, contract=contract),
        "button": act.button,
        "happened_at": datetime.fromisoformat(str(message.context["happened_at"])),
    }
    return compose_mail(message, "staff_act_notice", context)
