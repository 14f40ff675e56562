"""Carrying a draft over to the revision that was published meanwhile."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from contracts.console.drafts.access import access_draft
from contracts.console.drafts.forms import CarryOverForm
from contracts.console.drafts.merging import Merged, merge
from contracts.console.drafts.pages import draft_page
from contracts.console.models import Draft
from contracts.console.publications.rights import find_contract
from contracts.console.services.drafts import rebase_draft
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_or_post
from core.staff.access import StaffRequest, staff_page
from core.staff.permissions import StaffPermission
from tenants.models import ContractRevision


@get_or_post
@staff_page(StaffPermission.CONTRACTS_CONFIGURE)
def carry_over(request: StaffRequest, slug: str) -> HttpResponse:
    """Show what both have changed, let its author choose field by field, and carry it over."""
    draft = access_draft(request.staff, slug)
    contract = find_contract(slug)
    present = contract.revision if contract else None
    if present is None or present.number == draft.base_number:
        return HttpResponseRedirect(reverse("console:draft", args=[slug]))
    merged = _merged(draft, present)
    initial = {"version": draft.version, "present": present.number}
    form = CarryOverForm(request.POST or None, initial=initial, conflicts=merged.conflicts)
    if request.method == "POST" and form.is_valid() and _carry_over(draft, present, form):
        messages.success(request, f"Your draft is based on revision {present.number} now.")
        return HttpResponseRedirect(reverse("console:draft", args=[slug]))
    context = {"form": form, "merged": merged, "present": present}
    return draft_page(request, "console/drafts/carry_over.html", draft, context)


def _merged(
    draft: Draft, present: ContractRevision, published_wins: frozenset[str] = frozenset()
) -> Merged:
    base = present.contract.revisions.filter(number=draft.base_number or 0).first()
    return merge(
        base.document if base else {},
        draft.document,
        present.document,
        published_wins=published_wins,
    )


def _carry_over(draft: Draft, present: ContractRevision, form: CarryOverForm) -> bool:
    """Do it, or say at the form why not."""
    if form.cleaned_data["present"] != present.number:
        form.add_error(None, "Another revision was published meanwhile. Choose once more.")
        form.renew(present=present.number, version=draft.version)
        return False
    merged = _merged(draft, present, form.published_wins())
    try:
        rebase_draft(
            draft=draft,
            document=merged.document,
            base=present.number,
            version=form.cleaned_data["version"],
            by=draft.author_id,
            at=clock.now(),
        )
    except DomainError as error:
        form.add_error(None, error.sentence)
        form.renew(present=present.number, version=draft.version)
        return False
    return True
