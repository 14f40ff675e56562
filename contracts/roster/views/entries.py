"""The entries of a roster one by one: found, shown, added, changed, taken off."""

from collections.abc import Mapping
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from contracts.roster.columns import COLUMNS, shown_in
from contracts.roster.entries.finding import access_entry, standing_of
from contracts.roster.entries.forms import (
    EntryForm,
    EntrySearchForm,
    TakeOffForm,
    fields_of,
    label_of,
    texts_of,
)
from contracts.roster.entries.history import history_of
from contracts.roster.models import MailingLetter, RosterEntry
from contracts.roster.selectors import issues_codes, list_code_states
from contracts.roster.services.entries import (
    EntryChangedError,
    EntryThereError,
    OtherEntryError,
    add_entry,
    change_entry,
    take_off_entry,
    version_of,
)
from contracts.roster.uploads.access import roster_page
from contracts.roster.views.shared import entries_page, roster_render
from core.accounts.selectors import names_of
from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_only, get_or_post
from core.groups.models import Provider
from core.staff.access import StaffRequest
from core.staff.contract_access import holds
from core.staff.permissions import StaffPermission
from tenants.configuration.document import RegistrationSection
from tenants.context import require_contract
from tenants.models import Contract

_VIEW, _IMPORT = StaffPermission.ROSTER_VIEW, StaffPermission.ROSTER_IMPORT
_KEPT = fields_named(*COLUMNS)
_SENT = 20


@get_only
@roster_page(_VIEW)
def entries(request: StaffRequest, contract: Contract) -> HttpResponse:
    """List entries, a page from wherever the last one ended."""
    form = EntrySearchForm(request.GET, has_codes=issues_codes(_registration()))
    return entries_page(request, contract, form, at=clock.now())


@get_only
@roster_page(_VIEW)
def entry(request: StaffRequest, contract: Contract, entry_id: UUID) -> HttpResponse:
    """Show one entry, its provider, its codes without what they are, and its history."""
    found, at = access_entry(entry_id), clock.now()
    providers = list(
        Provider.objects.filter(contract_id=contract.pk, roster_entry_id=found.id)
        .select_related("group")
        .order_by("-registered_at")
    )
    history = history_of(found, providers)
    codes = list_code_states(found, at=at) if issues_codes(_registration()) else None
    sent = list(
        MailingLetter.objects.filter(entry=found, is_left_out=False)
        .select_related("mailing")
        .order_by("-id")[:_SENT]
    )
    context = {
        "entry": found,
        "rows": _facts(found),
        "standing": standing_of(found, at=at),
        "providers": providers,
        "codes": codes,
        "has_working_code": any(code.works for code in codes or ()),
        "sent": sent,
        "history": history,
        "names": names_of(
            [
                *(one.by for one in history),
                *(one.registered_by for one in providers),
                *(one.mailing.asked_by for one in sent),
            ]
        ),
        "may_import": holds(request.staff, _IMPORT, contract),
        "may_decide": holds(request.staff, StaffPermission.REGISTRATIONS_DECIDE, contract),
        "may_issue": holds(request.staff, StaffPermission.CODES_ISSUE, contract),
    }
    return roster_render(request, "entry", contract, context)


@get_or_post
@keeps_typed(_KEPT)
@roster_page(_IMPORT)
def entry_new(request: StaffRequest, contract: Contract) -> HttpResponse:
    """Add one entry."""
    form = _form(request)
    if request.method == "POST" and form.is_valid():
        try:
            made = add_entry(row=form.row, by=request.user.id, at=clock.now())
        except EntryThereError as error:
            form.add_error("identifier", error.sentence)
        else:
            messages.success(request, f"{made.name} is on the roster.")
            return _to_entry(contract, made.id)
    return roster_render(request, "entry_new", contract, _with_typed(request, form))


@get_or_post
@keeps_typed(_KEPT)
@roster_page(_IMPORT)
def entry_edit(request: StaffRequest, contract: Contract, entry_id: UUID) -> HttpResponse:
    """Change one entry, unless it was changed since the page was shown."""
    found = access_entry(entry_id)
    if found.removed_at:
        return _to_entry(contract, found.id)
    form = _form(request, found)
    now_there: list[tuple[str, str]] = []
    if request.method == "POST" and form.is_valid():
        try:
            changed = change_entry(
                entry_id=found.id,
                row=form.row,
                seen=form.cleaned_data["seen"],
                by=request.user.id,
                at=clock.now(),
            )
        except EntryChangedError as error:
            now_there = _renew(form, found, error)
        except OtherEntryError as error:
            form.add_error("identifier", error.sentence)
        else:
            told = "Nothing was changed." if not changed else f"{form.row.name} was saved."
            messages.success(request, told)
            return _to_entry(contract, found.id)
    context = {"entry": found, "now_there": now_there, **_with_typed(request, form)}
    return roster_render(request, "entry_edit", contract, context)


@get_or_post
@keeps_typed(fields_named("reason"))
@roster_page(_IMPORT)
def entry_take_off(request: StaffRequest, contract: Contract, entry_id: UUID) -> HttpResponse:
    """Ask why, and take one entry off the roster."""
    found = access_entry(entry_id)
    if found.removed_at:
        return _to_entry(contract, found.id)
    typed = take_typed(request)
    form = TakeOffForm(request.POST or None, initial={**typed, "seen": version_of(found)})
    if request.method == "POST" and form.is_valid():
        try:
            take_off_entry(
                entry_id=found.id,
                reason=form.cleaned_data["reason"],
                seen=form.cleaned_data["seen"],
                by=request.user.id,
                at=clock.now(),
            )
        except EntryChangedError:
            messages.warning(request, "The entry was changed meanwhile. Look at it again.")
        else:
            messages.success(request, f"{found.name} is off the roster.")
        return _to_entry(contract, found.id)
    context = {
        "entry": found,
        "form": form,
        "standing": standing_of(found, at=clock.now()),
        "typed_is_back": bool(typed),
    }
    return roster_render(request, "entry_take_off", contract, context)


def _registration() -> RegistrationSection:
    return require_contract().document.registration


def _form(request: StaffRequest, found: RosterEntry | None = None) -> EntryForm:
    first: Mapping[str, str] = (
        {**texts_of(found), "seen": version_of(found)}
        if found
        else {"state": require_contract().document.contract.state}
    )
    typed = take_typed(request)
    form = EntryForm.of(_registration())(request.POST or None, initial={**first, **typed})
    form.typed_is_back = bool(typed)
    return form


def _with_typed(request: StaffRequest, form: EntryForm) -> dict[str, object]:
    return {"form": form, "typed_is_back": form.typed_is_back}


def _renew(form: EntryForm, found: RosterEntry, error: DomainError) -> list[tuple[str, str]]:
    """Show the form once more, about the entry as it is by now; returns what differs there."""
    found.refresh_from_db()
    form.add_error(None, error.sentence)
    form.renew(version_of(found))
    typed = form.cleaned_data
    there = texts_of(found)
    return [
        (label_of(name), there[name] or "empty")
        for name in fields_of(_registration())
        if there[name] != typed.get(name, "")
    ]


def _facts(entry: RosterEntry) -> list[tuple[str, str]]:
    """Return what an entry says. The program's own number proves a registration: not shown."""
    return [
        (label_of(name), shown_in(name, getattr(entry, name)))
        for name in fields_of(_registration())
        if name not in {"name", "code", "identifier_type"}
    ]


def _to_entry(contract: Contract, key: UUID) -> HttpResponse:
    return HttpResponseRedirect(reverse("roster:entry", args=[contract.slug, key]))
