"""The preview of a document in the console: its pages in a frame, and links for others."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from contracts.console.drafts.content import Content, read_content
from contracts.console.drafts.pages import slug_page
from contracts.console.drafts.readiness import section_of
from contracts.console.models import PreviewLink
from contracts.console.previewing.answering import answer_preview
from contracts.console.previewing.forms import PreviewLinkForm
from contracts.console.previewing.listing import ListedGroup, ListedPage, list_groups
from contracts.console.previewing.sources import DRAFT, access_previewed
from contracts.console.previewing.tokens import preview_token
from contracts.console.previewing.visits import Preview
from contracts.console.services.previews import (
    Previewed,
    TooManyLinksError,
    list_links,
    make_preview_link,
    take_back_preview_link,
)
from core.common import clock
from core.common.content_policy import content_policy
from core.common.http import get_only, row_or_404
from core.staff.access import StaffRequest, staff_page
from core.staff.permissions import StaffPermission
from tenants.routing import absolute_reverse

_VIEW, _CONFIGURE = StaffPermission.CONTRACTS_VIEW, StaffPermission.CONTRACTS_CONFIGURE
_WIDTHS = {"desktop": "Desktop", "phone": "Phone"}


@get_only
@staff_page(_VIEW)
def preview(request: StaffRequest, slug: str, of: str) -> HttpResponse:
    """Show a page of a document in a frame, list the others, and the links that work now."""
    found = access_previewed(request.staff, slug, of)
    return _page(request, found, PreviewLinkForm())


@csrf_exempt  # nothing is written: the pages in it have no token of the person who looks
@staff_page(_VIEW)
def preview_shown(request: StaffRequest, slug: str, of: str, rest: str = "") -> HttpResponse:
    """Show a part of the preview, for whoever may see the document."""
    found = access_previewed(request.staff, slug, of)
    shown = _preview_of(found, read_content(found.document))
    if shown is None:
        raise Http404
    return answer_preview(request, shown, rest=rest, at=clock.now())


@staff_page(_CONFIGURE)
@require_POST
def preview_link_make(request: StaffRequest, slug: str, of: str) -> HttpResponse:
    """Make a link to a preview, for somebody without an account."""
    found = access_previewed(request.staff, slug, of, _CONFIGURE)
    form = PreviewLinkForm(request.POST)
    if read_content(found.document).document is None:
        return _to(found)
    if not form.is_valid():
        return _page(request, found, form)
    hours, by = form.cleaned_data["hours"], request.user.id
    try:
        make_preview_link(previewed=found, hours=hours, by=by, at=clock.now())
    except TooManyLinksError as error:
        form.add_error(None, error.sentence)
        return _page(request, found, form)
    messages.success(request, "The link is made. Whoever has it sees the preview.")
    return _to(found)


@staff_page(_CONFIGURE)
@require_POST
def preview_link_take_back(
    request: StaffRequest, slug: str, of: str, link_id: UUID
) -> HttpResponse:
    """End a link before its time."""
    found, at = access_previewed(request.staff, slug, of, _CONFIGURE), clock.now()
    link = row_or_404(list_links(found, by=request.user.id, at=at), link_id)
    take_back_preview_link(link=link, by=request.user.id, at=at)
    messages.success(request, "The link is taken back. It opens nothing any more.")
    return _to(found)


def _page(request: StaffRequest, found: Previewed, form: PreviewLinkForm) -> HttpResponse:
    content = read_content(found.document)
    shown = _preview_of(found, content)
    context = {
        "previewed": found,
        "form": form,
        "problems": [(section_of(one.field), one) for one in content.problems],
        "is_draft": found.of == DRAFT,
        "may_link": request.staff.may(_CONFIGURE),
        "links": [
            _shown_link(one) for one in list_links(found, by=request.user.id, at=clock.now())
        ],
        **(_frame(request, shown) if shown else {}),
    }
    response = slug_page(
        request, "console/previews/preview.html", found.slug, _name_of(found, content), context
    )
    response.headers["Content-Security-Policy"] = content_policy(frames=True)
    return response


def _preview_of(found: Previewed, content: Content) -> Preview | None:
    if content.document is None:
        return None
    base = reverse("console:preview_pages", args=[found.slug, found.of])
    return Preview(content.document, found.label, base)


def _frame(request: StaffRequest, shown: Preview) -> dict[str, object]:
    """Return the pages to choose from, and which one is in the frame, how wide."""
    groups = list_groups(shown)
    width = request.GET.get("width", "")
    return {
        "shown": shown,
        "groups": groups,
        "page": _chosen(groups, request.GET.get("page", "")),
        "width": width if width in _WIDTHS else "desktop",
        "widths": _WIDTHS,
    }


def _chosen(groups: tuple[ListedGroup, ...], path: str) -> ListedPage:
    pages = [page for group in groups for page in group.pages]
    return next((page for page in pages if page.path == path), pages[0])


def _shown_link(link: PreviewLink) -> tuple[PreviewLink, str]:
    token = preview_token(link.id)
    return link, absolute_reverse("preview:pages", contract=None, kwargs={"token": token})


def _name_of(found: Previewed, content: Content) -> str:
    return content.document.contract.name if content.document else found.slug


def _to(found: Previewed) -> HttpResponse:
    return HttpResponseRedirect(reverse("console:preview", args=[found.slug, found.of]) + "#links")
