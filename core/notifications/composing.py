"""From a template and its facts to a mail that is ready for its channel."""

from collections.abc import Mapping

from core.notifications.kinds import Rendered
from core.notifications.mail import render_mail
from core.notifications.models import OutboxMessage
from core.notifications.senders import document_for
from tenants.configuration.deployment import DeploymentDocument
from tenants.configuration.document import ContractDocument


def compose_mail(
    message: OutboxMessage,
    template: str,
    context: Mapping[str, object],
    *,
    document: ContractDocument | DeploymentDocument | None = None,
    to: str = "",
    code: str = "",
    link: str = "",
    life_seconds: int | None = None,
) -> Rendered:
    """Return a mail of the outbox, rendered in the name of its contract or of `document`.

    Called by what prepares a kind of message. It goes to the message's own address, or to `to`,
    where the address is known only now. The rest says `Rendered`.
    """
    mail = render_mail(template, context, document or document_for(message.contract_id))
    return Rendered(
        to=to or message.to,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        code=code,
        link=link,
        life_seconds=life_seconds,
    )
