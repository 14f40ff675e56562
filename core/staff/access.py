"""The doors of staff pages.

Who holds no staff role gets 404, as if the pages did not exist; in scope without the permission it
is 403.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import update_wrapper
from typing import Concatenate, ParamSpec

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.accounts.access import SignedInRequest, signed_in
from core.accounts.signing_in.allauth_wrapper import VOUCHED, methods_used
from core.common import clock
from core.common.context import bind_context
from core.staff.elevation import (
    ElevationNeededError,
    elevation_of,
    require_elevation,
    to_elevation,
)
from core.staff.oidc.providers import list_providers
from core.staff.permissions import StaffPermission
from core.staff.policies import session_suffices
from core.staff.refusing import refuse_staff
from core.staff.scope import StaffActor, find_staff
from core.staff.vouching import vouching_for
from tenants.in_hand import contract_of
from tenants.routing import absolute_url

P = ParamSpec("P")


class StaffRequest(SignedInRequest):
    """A request that passed `staff_page`."""

    staff: StaffActor


def staff_page(
    permission: StaffPermission | None = None,
) -> Callable[
    [Callable[Concatenate[StaffRequest, P], HttpResponse]],
    Callable[Concatenate[HttpRequest, P], HttpResponse],
]:
    """Open a page to staff who hold a permission somewhere; without one, to all staff.

    Staff pages stand on the portal host alone: in a contract a GET leads there. Who signed in
    without a factor that the deployment accepts of staff is led to a page that says what to do. So
    is who signed in by password while all their roles wait for their identity provider
    (`core.staff.vouching`).
    A refusal of staff is recorded (`staff_access.refused`). What needs elevated rights, here or
    further inside, leads to the page that gives them.
    """

    def decorate(
        view: Callable[Concatenate[StaffRequest, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        def guarded(request: SignedInRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            at = clock.now()
            staff = find_staff(request.user, at=at)
            if staff is None:
                raise Http404
            if contract_of(request) is not None:
                return _to_the_portal(request)
            methods = methods_used(request, staff.user)
            counting = staff if VOUCHED in methods else vouching_for(staff, at=at).staff
            if counting is None:
                return _to_the_provider(request, staff)
            staff = counting
            if permission is not None and not staff.may(permission):
                refuse_staff(staff.user.id, permission)
            if not session_suffices(methods):
                return HttpResponseRedirect(reverse("staff:factor"))
            staff = replace(staff, elevation=elevation_of(request, staff, at=at))
            request.staff = staff  # type: ignore[attr-defined]
            held = staff.elevation
            try:
                if permission is not None:
                    require_elevation(staff, permission)
                with bind_context(elevation_id=held.id if held else None):
                    return view(request, *args, **kwargs)  # type: ignore[arg-type]
            except ElevationNeededError as needed:
                return to_elevation(request, needed.permission)

        update_wrapper(guarded, view)
        return signed_in(guarded)

    return decorate


def portal_only(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Answer 404 in a contract: the page belongs to the portal host alone."""

    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if contract_of(request) is not None:
            raise Http404
        return view(request, *args, **kwargs)

    return update_wrapper(guarded, view)  # type: ignore[return-value]


def _to_the_provider(request: HttpRequest, staff: StaffActor) -> HttpResponse:
    """Say to who signed in by password that all their roles wait for their identity provider."""
    issuers = {role.issuer for role in staff.roles}
    names = [one.name for one in list_providers() if one.issuer in issuers]
    return render(request, "staff/asleep.html", {"providers": names}, status=403)


def _to_the_portal(request: HttpRequest) -> HttpResponse:
    if request.method not in {"GET", "HEAD"}:
        raise Http404
    return HttpResponseRedirect(absolute_url(request.path_info, contract=None))
