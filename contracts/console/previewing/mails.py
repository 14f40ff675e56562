"""The mails of registration in the name of a document that is not published; none is sent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.urls import reverse

from contracts.console.previewing.samples import (
    INFORMATION,
    NOBODYS_KEY,
    sample_pending,
    sample_provider,
)
from contracts.console.previewing.visits import Visit
from contracts.registration.kinds import ADDRESS_CHANGED_KIND, CODE_KIND, LINK_KIND, NOTICE_KIND
from contracts.registration.messages import EXISTING_ACCOUNT_TEMPLATE
from contracts.registration.selectors import local_date
from core.notifications.mail import RenderedMail, render_mail
from tenants.routing import absolute_url

_NOWHERE: Final = "preview"
"""Stands in links of previewed mails: the page that they lead to is previewed, too."""


@dataclass(frozen=True)
class PreviewedMail:
    """A mail that is previewed: who gets it when, and what its template is told."""

    title: str
    facts: Callable[[Visit], Mapping[str, object]]


def render_previewed(visit: Visit, template: str) -> RenderedMail:
    """Return a mail of the preview. Raises KeyError for one that is not previewed."""
    return render_mail(template, MAILS[template].facts(visit), visit.document)


def _link_facts(visit: Visit) -> Mapping[str, object]:
    minutes = visit.document.links.registration_minutes
    return {
        "link": _absolute("registration:link", token=_NOWHERE),
        "minutes": minutes,
        "ends_at": visit.at + timedelta(minutes=minutes),
        "reset_url": _absolute("registration:reset"),
        "username": INFORMATION["username"],
    }


def _existing_account_facts(visit: Visit) -> Mapping[str, object]:
    link = _absolute("registration:add_claimed", pending_id=NOBODYS_KEY)
    return {"link": link, "ends_at": sample_pending(visit.document, visit.at).reserved_until}


def _notice_facts(visit: Visit) -> Mapping[str, object]:
    return {
        "provider": sample_provider(visit.document),
        "registered_on": local_date(visit.document, visit.at),
    }


def _code_facts(visit: Visit) -> Mapping[str, object]:
    provider = sample_provider(visit.document)
    return {
        "code": visit.document.registration.code_example,
        "valid_until": local_date(visit.document, visit.at + timedelta(days=30)),
        "name": provider.name,
        "city": provider.city,
        "state": provider.state,
        "registration_url": _absolute("registration:start"),
    }


def _no_facts(_visit: Visit) -> Mapping[str, object]:
    return {}


def _absolute(name: str, **kwargs: object) -> str:
    """Return the whole address of a page of the preview, on the portal's own host."""
    origin = absolute_url("/", contract=None).removesuffix("/")
    return origin + reverse(name, kwargs=kwargs)


MAILS: Final[Mapping[str, PreviewedMail]] = {
    LINK_KIND: PreviewedMail("The registration link", _link_facts),
    EXISTING_ACCOUNT_TEMPLATE: PreviewedMail(
        "To somebody who has an account already", _existing_account_facts
    ),
    ADDRESS_CHANGED_KIND: PreviewedMail("To the former address, after it was corrected", _no_facts),
    NOTICE_KIND: PreviewedMail("To the address on file, when registered", _notice_facts),
    CODE_KIND: PreviewedMail("A registration code to the address on file", _code_facts),
}
"""By their templates, in the order in which they are sent."""
