"""Answer a request for a part of a preview: its list of pages, one of them, or a mail."""

from datetime import datetime
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from contracts.console.previewing.listing import list_groups
from contracts.console.previewing.mails import MAILS as KNOWN_MAILS
from contracts.console.previewing.mails import render_previewed
from contracts.console.previewing.pages import not_shown, show_page
from contracts.console.previewing.visits import MAILS, PAGES, Preview, Visit, visiting
from core.common.content_policy import content_policy

_METHODS: Final = ("GET", "HEAD", "POST")
_HTML: Final = "html/"
_POLICY: Final = content_policy(frames=True, is_framed=True)
# A mail has its own styles; nothing in it may run, and nothing but the logo load.
_MAIL_POLICY: Final = (
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "SAMEORIGIN",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


def answer_preview(
    asked: HttpRequest, preview: Preview, *, rest: str, at: datetime
) -> HttpResponse:
    """Answer for what stands below a preview's address. Writes nothing, sends nothing.

    Called by the pages of staff and by the door of links, which have looked at who may see it.
    """
    if asked.method not in _METHODS:
        return shielded(HttpResponseNotAllowed(_METHODS))
    path = "/" + rest.removeprefix(PAGES)
    with visiting(asked, preview, path=path, at=at) as visit:
        return shielded(_part(visit, rest, path))


def shielded(response: HttpResponse) -> HttpResponse:
    """Keep an answer out of caches, search engines, other sites' frames, and referrers."""
    for name, value in _HEADERS.items():
        response.headers[name] = value
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    return response


def _part(visit: Visit, rest: str, path: str) -> HttpResponse:
    if rest.startswith(PAGES):
        return show_page(visit, path)
    if rest.startswith(MAILS):
        return _mail(visit, rest.removeprefix(MAILS))
    if rest:
        return not_shown(visit)
    return visit.page("console/previews/pages.html", {"groups": list_groups(visit.preview)})


def _mail(visit: Visit, rest: str) -> HttpResponse:
    """Show a mail with its text, or, for the frame beside it, as its HTML is sent."""
    kind, _, part = rest.partition("/")
    if kind not in KNOWN_MAILS or part not in ("", _HTML):
        return not_shown(visit)
    mail = render_previewed(visit, kind)
    if part == _HTML:
        return HttpResponse(mail.html, headers={"Content-Security-Policy": _MAIL_POLICY})
    context = {
        "mail": mail,
        "title": KNOWN_MAILS[kind].title,
        "brand": visit.document.brand,
        "html_path": f"{visit.preview.base}{MAILS}{kind}/{_HTML}",
    }
    return visit.page("console/previews/mail.html", context)
