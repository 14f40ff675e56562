"""The mail that invites a new user: it names the office, who invites, and the username."""

from datetime import datetime, timedelta

from core.accounts.models import User
from core.groups.models import Invitation
from core.groups.services.invitations import INVITATION_KIND, mint_link
from core.notifications.kinds import MessageKind, Rendered
from core.notifications.mail import render_mail
from core.notifications.models import OutboxMessage
from tenants import registry
from tenants.routing import absolute_reverse


def prepare_invitation(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Mint the link; None when the invitation is over or a newer mail was asked for."""
    invitation = (
        Invitation.objects.select_for_update(of=("self",))
        .filter(Invitation.OPEN, pk=message.subject_id)
        .first()
    )
    if invitation is None or _is_overtaken(message):
        return None
    contract = registry.get_contract_by_id(invitation.contract_id)
    hours = contract.document.links.invitation_hours
    token = mint_link(invitation=invitation, life=timedelta(hours=hours), at=at)
    host = invitation.host
    link = absolute_reverse("invitation", contract=contract, kwargs={"token": token}, host=host)
    inviter = User.objects.get(pk=invitation.invited_by)
    context = {
        "invitation": invitation,
        "offices": list(invitation.providers.order_by("name").values_list("name", flat=True)),
        "inviter": inviter.get_full_name(),
        "inviter_email": inviter.email,
        "link": link,
        "hours": hours,
        "ends_at": invitation.link_expires_at,
        "again_url": absolute_reverse("registration:reset", contract=contract, host=host),
    }
    mail = render_mail("user_invitation", context, contract.document)
    return Rendered(to=message.to, subject=mail.subject, text=mail.text, html=mail.html, link=link)


def _is_overtaken(message: OutboxMessage) -> bool:
    return OutboxMessage.objects.filter(
        kind=message.kind, subject_id=message.subject_id, id__gt=message.id
    ).exists()


INVITATION = MessageKind(
    name=INVITATION_KIND, channel="email", at_most_once=False, prepare=prepare_invitation
)
