"""The publications among what waits for somebody of staff."""

from collections.abc import Iterator
from datetime import datetime

from django.urls import reverse

from contracts.console.publications.access import list_open_publications
from contracts.console.publications.rights import find_contract, may_publish
from contracts.console.publications.states import PublicationState
from core.staff.needs import Need
from core.staff.scope import StaffActor


def publication_needs(staff: StaffActor, at: datetime) -> Iterator[Need]:
    """Say how many publications of others wait for the approval of who may give it."""
    asked = list_open_publications(staff).filter(state=PublicationState.ASKED, expires_at__gt=at)
    others = asked.exclude(author_id=staff.user.pk)
    theirs = [one for one in others if may_publish(staff, find_contract(one.slug))]
    if len(theirs) == 1:
        [one] = theirs
        path = reverse("console:publication", args=[one.slug, one.pk])
        yield Need(1, "publication waits for your approval", path)
    elif theirs:
        path = reverse("console:contracts")
        yield Need(len(theirs), "publications wait for your approval", path)
