"""The mails about publications that wait: to those who can approve, and to the author."""

from datetime import datetime
from typing import Final

from contracts.console.models import PlannedPublication
from contracts.console.publications.rights import find_contract, still_may_publish
from contracts.console.publications.states import PublicationState
from contracts.console.services.publication_mails import ASKED_KIND, ENDED_KIND
from core.accounts.models import User
from core.notifications.composing import compose_mail
from core.notifications.kinds import MessageKind, Rendered, register_kind
from core.notifications.models import OutboxMessage
from tenants.routing import absolute_reverse

_HEADINGS: Final = {
    PublicationState.PUBLISHED: "Your document is published",
    PublicationState.REFUSED: "Your document was not published",
    PublicationState.WITHDRAWN: "Your publication was withdrawn",
    PublicationState.DECLINED: "Your publication was declined",
    PublicationState.EXPIRED: "Nobody approved your publication in time",
}


def register_publication_kinds() -> None:
    """Make the kinds known to the outbox; called when the app is ready."""
    for name, prepare in ((ASKED_KIND, prepare_asked), (ENDED_KIND, prepare_ended)):
        register_kind(MessageKind(name=name, channel="email", at_most_once=False, prepare=prepare))


def prepare_asked(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Ask somebody for approval; None when it is decided, or they cannot give it any more."""
    found = _find(message, PublicationState.ASKED)
    member = User.objects.filter(pk=str(message.account_id)).first()
    if found is None or member is None:
        return None
    if not still_may_publish(member, find_contract(found.slug), at=at):
        return None
    context = {**_facts(found), "member": member, "author": found.author.get_full_name()}
    return compose_mail(message, ASKED_KIND, context)


def prepare_ended(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Tell the author what became of it."""
    found = _find(message, *_HEADINGS)
    if found is None:
        return None
    context = {**_facts(found), "heading": _HEADINGS[PublicationState(found.state)]}
    return compose_mail(message, ENDED_KIND, context)


def _find(message: OutboxMessage, *states: PublicationState) -> PlannedPublication | None:
    rows = PlannedPublication.objects.select_related("author")
    return rows.filter(pk=message.subject_id, state__in=states).first()


def _facts(found: PlannedPublication) -> dict[str, object]:
    link = absolute_reverse(
        "console:publication",
        contract=None,
        kwargs={"slug": found.slug, "publication_id": found.id},
    )
    return {"publication": found, "name": found.document["contract"]["name"], "link": link}
