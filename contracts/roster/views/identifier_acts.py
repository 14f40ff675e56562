"""A registered identifier is released, or moved to another group, by staff with a reason."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from contracts.disputes.selectors import list_open_over
from contracts.roster.entries.finding import access_entry
from contracts.roster.identifiers import MoveForm, ReleaseForm, access_provider
from contracts.roster.models import RosterEntry
from contracts.roster.uploads.access import roster_page
from contracts.roster.views.shared import roster_render
from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_or_post
from core.groups.models import Provider
from core.groups.services.giving_up import (
    Loss,
    hand_over_provider,
    loss_of,
    release_provider,
)
from core.mfa.proving.freshness import is_fresh, to_confirmation
from core.staff.access import StaffRequest
from core.staff.permissions import StaffPermission
from tenants.models import Contract

_DECIDE = StaffPermission.REGISTRATIONS_DECIDE


@get_or_post
@keeps_typed(fields_named("reason"))
@roster_page(_DECIDE)
def release(
    request: StaffRequest, contract: Contract, entry_id: UUID, provider_id: UUID
) -> HttpResponse:
    """Spell out who loses what, and end a registration so that it can be made again."""
    entry = access_entry(entry_id)
    provider = access_provider(entry, provider_id)
    if not is_fresh(request, request.user, at=clock.now()):
        return to_confirmation(request)
    typed, loss = take_typed(request), loss_of(provider)
    form = ReleaseForm(request.POST or None, initial={**typed, "seen": loss.version})

    def act() -> None:
        release_provider(
            provider_id=provider.id,
            reason=form.cleaned_data["reason"],
            seen=form.cleaned_data["seen"],
            by=request.user.id,
            at=clock.now(),
        )

    if request.method == "POST" and form.is_valid() and _done(form, provider, act):
        messages.success(request, f"{provider.name} is released. Everybody concerned is told.")
        return _to_entry(contract, entry)
    context = _context(entry, provider, loss, form, bool(typed))
    return roster_render(request, "identifier_release", contract, context)


@get_or_post
@keeps_typed(fields_named("other", "reason"))
@roster_page(_DECIDE)
def move(
    request: StaffRequest, contract: Contract, entry_id: UUID, provider_id: UUID
) -> HttpResponse:
    """Ask for the other group, spell out who loses what, and move a provider there."""
    entry = access_entry(entry_id)
    provider = access_provider(entry, provider_id)
    if not is_fresh(request, request.user, at=clock.now()):
        return to_confirmation(request)
    typed, loss = take_typed(request), loss_of(provider)
    form = MoveForm(
        request.POST or None, initial={**typed, "seen": loss.version}, provider=provider
    )
    target = form.cleaned_data["other"] if request.method == "POST" and form.is_valid() else None

    def act() -> None:
        hand_over_provider(
            provider_id=provider.id,
            to=form.cleaned_data["other"].group.id,
            reason=form.cleaned_data["reason"],
            seen=form.cleaned_data["seen"],
            by=request.user.id,
            at=clock.now(),
        )

    confirmed = request.POST.get("to") == str(target.group.id) if target else False
    if confirmed and _done(form, provider, act):
        messages.success(request, f"{provider.name} is moved. Both groups are told.")
        return _to_entry(contract, entry)
    context = {**_context(entry, provider, loss, form, bool(typed)), "target": target}
    return roster_render(request, "identifier_move", contract, context)


def _done(form: ReleaseForm, provider: Provider, act: Callable[[], None]) -> bool:
    """Do it, or say at the form why not; the form is then about what is there by now."""
    try:
        act()
    except DomainError as error:
        form.add_error(None, error.sentence)
        form.renew(loss_of(provider).version)
        return False
    return True


def _context(
    entry: RosterEntry,
    provider: Provider,
    loss: Loss,
    form: ReleaseForm,
    is_back: bool,  # noqa: FBT001
) -> dict[str, object]:
    return {
        "entry": entry,
        "provider": provider,
        "loss": loss,
        "form": form,
        "typed_is_back": is_back,
        "disputes": list_open_over(provider.contract_id, provider.identifier),
    }


def _to_entry(contract: Contract, entry: RosterEntry) -> HttpResponse:
    return HttpResponseRedirect(reverse("roster:entry", args=[contract.slug, entry.id]))
