"""The door of links: who has one sees its preview, and everybody else the same page."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from contracts.console.drafts.content import read_content
from contracts.console.models import PreviewLink
from contracts.console.previewing.answering import answer_preview, shielded
from contracts.console.previewing.tokens import read_preview_token
from contracts.console.previewing.visits import Preview, plain_request
from contracts.console.services.previews import find_link
from core.common import clock
from tenants.backend.reading import reading_only
from tenants.in_hand import contract_of, is_portal_host


def preview(request: HttpRequest, token: str, rest: str = "") -> HttpResponse:
    """Show a part of the preview that a link opens. Knows nobody, and writes nothing.

    It stands on the portal host alone. A link that is over, was taken back, or was never made has
    one and the same answer.
    """
    if not is_at_home(request):
        raise Http404
    at = clock.now()
    key = read_preview_token(token)
    with reading_only():
        link = find_link(key, at=at) if key else None
    shown = _preview_of(link, token) if link else None
    if shown is None:
        page = render(plain_request(request), "console/previews/no_link.html", status=404)
        return shielded(page)
    return answer_preview(request, shown, rest=rest, at=at)


def is_at_home(request: HttpRequest) -> bool:
    """Tell whether a request is for the portal host and no contract: where links lead."""
    return is_portal_host(request) and contract_of(request) is None


def _preview_of(link: PreviewLink, token: str) -> Preview | None:
    """Return what a link shows; None where this version of the portal cannot read it any more."""
    document = read_content(link.document).document
    if document is None:
        return None
    base = reverse("preview:pages", kwargs={"token": token})
    return Preview(document, link.label, base, until=link.expires_at)
