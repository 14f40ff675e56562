"""A look at a preview: its document in the place of a contract, its request, its addresses."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import get_script_prefix, reverse, set_script_prefix
from django.utils import timezone

from contracts.console.previewing.samples import SamplePerson
from tenants.backend.reading import reading_only
from tenants.configuration.document import ContractDocument
from tenants.configuration.revisions import zone_of
from tenants.context import ActiveContract, contract_context

PAGES: Final = "pages/"
"""Below a preview's own address: what stands there has the portal's own addresses."""
MAILS: Final = "mails/"
_NOBODYS: Final = UUID("5b0f9a52-6f0e-4d0b-9a3e-5a3e8f0f7f11")
_OF_THE_SERVER: Final = ("SERVER_NAME", "SERVER_PORT", "HTTP_HOST", "wsgi.url_scheme")


@dataclass(frozen=True)
class Preview:
    """A document that is previewed, and what the banner says of it. `base` ends with a slash."""

    document: ContractDocument
    label: str
    base: str
    until: datetime | None = None

    @property
    def name(self) -> str:
        """What the document calls its contract."""
        return self.document.contract.name

    @property
    def list_path(self) -> str:
        """Where all pages of the preview are listed."""
        return self.base

    @property
    def contract(self) -> ActiveContract:
        """The document as a contract that there is not: no schema, no row, no published notice."""
        slug = self.document.contract.slug
        return ActiveContract(
            id=uuid5(_NOBODYS, slug),
            slug=slug,
            name=self.name,
            schema_name="",
            revision=0,
            policy_epoch=0,
            document=self.document,
        )


@dataclass(frozen=True)
class Visit:
    """One request for a page of a preview."""

    request: HttpRequest
    preview: Preview
    contract: ActiveContract
    at: datetime

    @property
    def document(self) -> ContractDocument:
        """The document that is previewed."""
        return self.preview.document

    @property
    def posted(self) -> QueryDict | None:
        """What a form is bound to."""
        return self.request.POST if self.request.method == "POST" else None

    def page(
        self, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200
    ) -> HttpResponse:
        """Return one of the portal's pages."""
        return render(self.request, template, dict(context or {}), status=status)

    def to(self, name: str, **kwargs: object) -> HttpResponse:
        """Lead to another page of the preview by the portal's own name of it."""
        return HttpResponseRedirect(reverse(name, kwargs=kwargs))

    def sign_in(self) -> None:
        """Let the page be that of an invented person who is signed in."""
        request: Any = self.request
        request.user = SamplePerson()


@contextmanager
def visiting(asked: HttpRequest, preview: Preview, *, path: str, at: datetime) -> Iterator[Visit]:
    """Look at a preview: its addresses are below its own, and the database takes no write.

    No contract is in hand, so that no statement reaches a contract's tables, whichever it is.
    """
    former = get_script_prefix()
    set_script_prefix(f"{preview.base}{PAGES}")
    zone = ZoneInfo(zone_of(preview.document))
    try:
        with contract_context(None), timezone.override(zone), reading_only():
            contract = preview.contract
            yield Visit(_request(asked, preview, contract, path), preview, contract, at)
    finally:
        set_script_prefix(former)


def plain_request(asked: HttpRequest) -> HttpRequest:
    """Return a request of nobody for the same host: no cookie, no session, no account, no message.

    What is rendered for it cannot read or change anything of whoever really asks.
    """
    made: Any = HttpRequest()
    made.method, made.path = asked.method, asked.path
    made.META = {name: asked.META[name] for name in _OF_THE_SERVER if name in asked.META}
    made.user = AnonymousUser()
    made.contract, made.site_host, made.is_portal_host = None, "", True
    request: HttpRequest = made
    return request


def _request(
    asked: HttpRequest, preview: Preview, contract: ActiveContract, path: str
) -> HttpRequest:
    made: Any = plain_request(asked)
    made.path_info = path
    made.GET = asked.GET
    if asked.method == "POST":
        made.POST = asked.POST
    # As on a host of its own: no page leads to those of the portal.
    made.contract, made.is_portal_host = contract, False
    made.preview = preview
    request: HttpRequest = made
    return request
