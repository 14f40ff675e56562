"""Endpoints: the list, a new one, one, and changing it."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from contracts.console.webhooks.forms import (
    EVENT_FIELDS,
    EndpointForm,
    NewEndpointForm,
    facts_of,
)
from core.accounts.selectors import names_of
from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_only, get_or_post
from core.mfa.proving.freshness import is_fresh, to_confirmation
from core.staff.access import StaffRequest, staff_page
from core.staff.permissions import StaffPermission
from core.webhooks.access import (
    access_endpoint,
    access_endpoint_to_manage,
    may_manage,
    may_stream,
    require_making,
    visible_endpoints,
)
from core.webhooks.models import WebhookEndpoint
from core.webhooks.selectors import Backlog, backlogs_of, list_deliveries
from core.webhooks.services.endpoints import change_endpoint, make_endpoint
from core.webhooks.states import EndpointKind
from tenants.models import Contract

_VIEW, _MANAGE = StaffPermission.WEBHOOKS_VIEW, StaffPermission.WEBHOOKS_MANAGE
_NEWEST: Final = 10


@get_only
@staff_page(_VIEW)
def endpoints(request: StaffRequest) -> HttpResponse:
    """List the endpoints that somebody may see, with what waits for each."""
    found = list(visible_endpoints(request.staff))
    backlogs = backlogs_of([one.pk for one in found])
    context = {
        "rows": [(one, backlogs.get(one.pk, Backlog())) for one in found],
        "may_make": request.staff.may(_MANAGE),
        "may_stream": may_stream(request.staff),
        "now": clock.now(),
    }
    return page(request, "list", context)


@get_only
@staff_page(_VIEW)
def endpoint(request: StaffRequest, endpoint_id: UUID) -> HttpResponse:
    """Show one endpoint: where it leads, what it asks for, how it goes."""
    found = access_endpoint(request.staff, endpoint_id)
    at = clock.now()
    context = {
        "endpoint": found,
        "backlog": backlogs_of([found.pk]).get(found.pk, Backlog()),
        "newest": list_deliveries(found)[:_NEWEST],
        "may_manage": may_manage(request.staff, found),
        "maker": names_of([found.made_by]).get(found.made_by, "somebody who is gone"),
        "overlaps": found.former_secret_ends_at is not None and found.former_secret_ends_at > at,
        "now": at,
    }
    return page(request, "endpoint", context)


@get_or_post
@keeps_typed(fields_named("name", "address", "contract", several=EVENT_FIELDS))
@staff_page(_MANAGE)
def endpoint_new(request: StaffRequest) -> HttpResponse:
    """Make an endpoint and show its secret, once; with a fresh sign-in."""
    at, staff = clock.now(), request.staff
    is_stream = request.GET.get("kind") == EndpointKind.SIEM
    kind = EndpointKind.SIEM if is_stream else EndpointKind.WEBHOOK
    scope = staff.scope(_MANAGE)
    if is_stream:
        require_making(staff, kind=kind, contract_id=None)
    if not is_fresh(request, staff.user, at=at):
        return to_confirmation(request)
    typed = take_typed(request)
    form = NewEndpointForm(
        request.POST or None,
        initial=typed or None,
        kind=kind,
        contracts=scope.narrow(Contract.objects.order_by("name"), "pk"),
        everywhere=scope.everywhere,
    )
    if request.method == "POST" and form.is_valid():
        key = form.cleaned_data["key"]
        if WebhookEndpoint.objects.filter(pk=key).exists():
            return to_endpoint(key)  # the form was sent before
        require_making(staff, kind=kind, contract_id=form.contract_id)
        try:
            made = make_endpoint(
                facts=form.facts(),
                kind=kind,
                contract_id=form.contract_id,
                endpoint_id=key,
                by=staff.user.pk,
                at=at,
            )
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            return page(request, "secret", {"endpoint": made.endpoint, "secret": made.secret})
    context = {"form": form, "is_stream": is_stream, "typed_is_back": bool(typed)}
    return page(request, "new", context)


@get_or_post
@keeps_typed(fields_named("name", "address", several=EVENT_FIELDS))
@staff_page(_MANAGE)
def endpoint_edit(request: StaffRequest, endpoint_id: UUID) -> HttpResponse:
    """Change name, address and events; with a fresh sign-in."""
    found, at = access_endpoint_to_manage(request.staff, endpoint_id), clock.now()
    if not is_fresh(request, request.staff.user, at=at):
        return to_confirmation(request)
    typed = take_typed(request)
    form = EndpointForm(
        request.POST or None,
        initial={**facts_of(found), **typed},
        kind=EndpointKind(found.kind),
    )
    if found.sealed_authorization is not None:
        form.fields[
            "authorization"
        ].help_text = "One is kept. Leave this empty to keep it; another host or port forgets it."
    if request.method == "POST" and form.is_valid():
        facts, by = form.facts(keeps_authorization=True), request.staff.user.pk
        try:
            change_endpoint(endpoint_id=found.pk, facts=facts, by=by, at=at)
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "The endpoint is changed.")
            return to_endpoint(found.pk)
    return page(request, "edit", {"form": form, "endpoint": found, "typed_is_back": bool(typed)})


def to_endpoint(endpoint_id: UUID) -> HttpResponse:
    """Lead to the page of an endpoint."""
    return HttpResponseRedirect(reverse("webhooks:endpoint", args=[endpoint_id]))


def page(request: StaffRequest, name: str, context: Mapping[str, object]) -> HttpResponse:
    """Return a page of webhooks."""
    return render(request, f"webhooks/{name}.html", {"nav_here": "webhooks", **context})
