"""The registration simulator: what the published rule, a draft's or a revision's would say."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.http import Http404, HttpResponse

from contracts.console.access import access_revision
from contracts.console.drafts.access import find_draft
from contracts.console.drafts.content import read_content
from contracts.registration.forms.start import StartForm
from contracts.registration.rules import run_vector
from contracts.registration.selectors import local_date
from contracts.registration.services.simulating import (
    Simulation,
    TooManyTriesError,
    simulate_registration,
)
from core.common import clock
from core.common.http import get_or_post
from core.staff.access import StaffRequest, staff_page
from core.staff.contract_access import access_contract, holds
from core.staff.contract_pages import contract_page
from core.staff.permissions import StaffPermission
from tenants import registry
from tenants.configuration.document import ContractDocument
from tenants.configuration.revisions import document_of
from tenants.context import ActiveContract
from tenants.models import Contract

_VIEW = StaffPermission.REGISTRATIONS_VIEW


@dataclass(frozen=True)
class Tried:
    """Which document is tried. `key` stands in the address; empty is the published one."""

    key: str
    label: str
    document: ContractDocument


@get_or_post
@staff_page(_VIEW)
def simulator(request: StaffRequest, slug: str) -> HttpResponse:
    """Take what a registrant would type, and show step by step what the rule says."""
    found = access_contract(request.staff, slug, _VIEW)
    choices = _choices(request, found)
    tried = _chosen(request, found, choices)
    active = replace(_active(found), document=tried.document)
    form = StartForm(request.POST or None, contract=active)
    made = None
    if request.method == "POST" and form.is_valid():
        made = _simulate(request, active, form)
    today = local_date(tried.document, clock.now())
    context = {
        "tried": tried,
        "choices": choices,
        "form": form,
        "made": made,
        "vectors": [
            run_vector(tried.document.registration, vector, today=today)
            for vector in tried.document.registration.test_vectors
        ],
        "may_see_roster": holds(request.staff, StaffPermission.ROSTER_VIEW, found),
    }
    return contract_page(request, "console/simulator.html", found, "simulator", context)


def _choices(request: StaffRequest, found: Contract) -> Sequence[Tried]:
    """Return the published document, and one's own draft while it can be read."""
    published = Tried("", "What is published", _active(found).document)
    draft = find_draft(request.staff, found.slug)
    content = read_content(draft.document) if draft else None
    if content is None or content.document is None:
        return [published]
    return [published, Tried("draft", "Your draft", content.document)]


def _chosen(request: StaffRequest, found: Contract, choices: Sequence[Tried]) -> Tried:
    """Return what the address names: a choice, or an earlier revision by its number."""
    key = request.GET.get("of", "")
    for one in choices:
        if one.key == key:
            return one
    if not key.isdecimal():
        raise Http404
    revision = access_revision(request.staff, found.slug, int(key[:9]))
    document = document_of(revision)
    if document is None:
        raise Http404
    return Tried(key, f"Revision {revision.number}", document)


def _active(found: Contract) -> ActiveContract:
    try:
        return registry.get_configured(found.slug)
    except registry.UnknownContractError as error:
        raise Http404 from error


def _simulate(request: StaffRequest, active: ActiveContract, form: StartForm) -> Simulation | None:
    try:
        return simulate_registration(
            contract=active,
            identifier=form.typed_identifier,
            code=form.typed_code,
            by=request.user.id,
            at=clock.now(),
        )
    except TooManyTriesError as error:
        form.add_error(None, error.sentence)
        return None
