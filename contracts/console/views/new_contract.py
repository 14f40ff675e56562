"""Beginning a new contract: from a preset, from another contract, or from a TOML document."""

from collections.abc import Sequence

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from pydantic import ValidationError

from contracts.console.drafts.access import require_provisioning
from contracts.console.drafts.beginnings import (
    Beginning,
    begin_with_contract,
    begin_with_preset,
    begin_with_text,
)
from contracts.console.drafts.forms import FROM_CONTRACT, FROM_TOML, NewContractForm
from contracts.console.services.drafts import DraftExistsError, create_draft
from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.http import get_or_post
from core.staff.access import StaffRequest, staff_page
from core.staff.contract_access import access_contract, list_contracts
from core.staff.permissions import StaffPermission
from tenants.configuration.loading import DocumentErrors, Problem
from tenants.configuration.revisions import document_of
from tenants.models import Contract
from tenants.states import ContractState


@get_or_post
@keeps_typed(fields_named("start", "contract", "slug", "name", "toml"))
@staff_page(StaffPermission.CONTRACTS_PROVISION)
def new_contract(request: StaffRequest) -> HttpResponse:
    """Begin the draft of a new contract. Operators may."""
    require_provisioning(request.staff)
    published = list_contracts(request.staff).filter(revision__isnull=False).order_by("name")
    typed = take_typed(request)
    form = NewContractForm(
        request.POST or None, request.FILES or None, initial=typed, contracts=published
    )
    problems: Sequence[Problem] = ()
    if request.method == "POST" and form.is_valid():
        try:
            response = _begin(request, form)
        except DocumentErrors as error:
            problems, response = error.problems, None
            form.add_error(None, "The document cannot be read. What to mend is listed below.")
        if response is not None:
            return response
    context = {"form": form, "problems": problems, "typed_is_back": bool(typed)}
    return render(request, "console/new_contract.html", {"nav_here": "contracts", **context})


def _begin(request: StaffRequest, form: NewContractForm) -> HttpResponse | None:
    """Make the draft, or say at the form why there is none. Raises DocumentErrors."""
    try:
        begun = _beginning(request, form)
    except ValidationError as error:
        form.add_error("slug", _sentence(error))
        return None
    if Contract.objects.filter(slug=begun.slug).exclude(state=ContractState.PROVISIONING).exists():
        field = "toml" if form.cleaned_data["start"] == FROM_TOML else "slug"
        form.add_error(field, f"There is a contract {begun.slug}. Make a draft on its own page.")
        return None
    try:
        create_draft(
            slug=begun.slug,
            author=request.user.id,
            base=None,
            document=begun.document,
            origin=begun.origin,
            at=clock.now(),
        )
    except DraftExistsError as error:
        form.add_error("slug", error.sentence)
        return None
    return HttpResponseRedirect(reverse("console:draft", args=[begun.slug]))


def _beginning(request: StaffRequest, form: NewContractForm) -> Beginning:
    asked, at = form.cleaned_data, clock.now()
    if asked["start"] == FROM_TOML:
        return _from_text(form)
    if asked["start"] != FROM_CONTRACT:
        return begin_with_preset(asked["slug"], asked["name"], preset=asked["start"], at=at)
    contract = access_contract(request.staff, asked["contract"])
    document = document_of(contract.revision)
    if contract.revision is None or document is None:
        problem = Problem(contract.slug, 1, "", "This version cannot read its document.")
        raise DocumentErrors([problem])
    return begin_with_contract(
        asked["slug"], asked["name"], document=document, number=contract.revision.number, at=at
    )


def _from_text(form: NewContractForm) -> Beginning:
    file = form.cleaned_data["file"]
    if not file:
        return begin_with_text(form.cleaned_data["toml"], file="document.toml")
    try:
        text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problem = Problem(file.name, 1, "", "The file is not UTF-8 text.")
        raise DocumentErrors([problem]) from error
    form.show_text(text)
    return begin_with_text(text, file=file.name)


def _sentence(error: ValidationError) -> str:
    return error.errors()[0]["msg"].removeprefix("Value error, ")
