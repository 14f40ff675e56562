"""Elevated rights: what nobody of staff holds all day, and whether this session holds it now.

A permission of the deployment's list is used only while the session is elevated (ADR 0034). Roles
go on to say who holds it at all: pages offer it, and the door asks for the elevation.
"""

from datetime import datetime
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from core.accounts.sessions.lifecycle import sign_in_of
from core.accounts.typed_forms import interrupts
from core.common.http import asks_in_background, client_redirect, stop_asking
from core.staff.models import StaffElevation
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor
from tenants import registry

WORDS: Final = {
    StaffPermission.CONTRACTS_PUBLISH: "publish and roll back contracts",
    StaffPermission.CONTRACTS_PROVISION: "make new contracts",
    StaffPermission.DEPLOYMENT_PUBLISH: "publish the deployment's configuration",
    StaffPermission.STAFF_MANAGE: "appoint and dismiss staff",
    StaffPermission.USERS_DEACTIVATE: "deactivate accounts",
}


class ElevationNeededError(Exception):
    """A permission needs elevated rights; the door leads to the page that gives them."""

    def __init__(self, permission: StaffPermission) -> None:
        self.permission = permission
        super().__init__(permission.value)


def elevated_permissions() -> frozenset[str]:
    """Return the permissions that nobody holds all day."""
    return frozenset(registry.get_deployment().elevation.permissions)


def may_be_elevated(staff: StaffActor) -> list[StaffPermission]:
    """Return what somebody's roles hold of these, in the order of the permissions."""
    wanted = elevated_permissions()
    return [one for one in StaffPermission if one.value in wanted and staff.may(one)]


def elevation_words(permissions: list[StaffPermission]) -> list[str]:
    """Return what permissions let somebody do, for a page."""
    return [WORDS.get(one, one.value) for one in permissions]


def elevation_of(request: HttpRequest, staff: StaffActor, *, at: datetime) -> StaffElevation | None:
    """Return the elevated rights that a session holds now (no query for who can hold none)."""
    sign_in = sign_in_of(request)
    if sign_in is None or not may_be_elevated(staff):
        return None
    found = StaffElevation.objects.filter(
        user=staff.user, sign_in=sign_in, ended_at__isnull=True
    ).first()
    return found if found is not None and found.holds(at) else None


def had_elevation(staff: StaffActor, sign_in: UUID) -> bool:
    """Tell whether a session has held elevated rights that are over."""
    return StaffElevation.objects.filter(user=staff.user, sign_in=sign_in).exists()


def is_missing(staff: StaffActor, permission: StaffPermission) -> bool:
    """Tell whether a permission that somebody's role holds waits for elevated rights.

    A token got such a right from somebody who held them (`core.staff.services.api_tokens`).
    """
    if staff.token is not None:
        return False
    return staff.elevation is None and permission.value in elevated_permissions()


def require_elevation(staff: StaffActor, permission: StaffPermission) -> None:
    """See that a permission may be used now. Raises ElevationNeededError, which the door answers.

    Called where a permission is checked on behalf of a request, after it is known to be held.
    """
    if is_missing(staff, permission):
        raise ElevationNeededError(permission)


def elevation_address(permission: StaffPermission, *, back_to: str) -> str:
    """Return the address of the page that gives elevated rights: it says for what, and leads back.

    `back_to` is a path of the portal.
    """
    return f"{reverse('staff:elevate')}?{urlencode({'next': back_to, 'for': permission.value})}"


def to_elevation(request: HttpRequest, permission: StaffPermission) -> HttpResponse:
    """Lead to the page that gives elevated rights, and back.

    A form that was sent is not acted on; it comes back where the page `keeps_typed`. A page that
    asks by itself is told to stop asking: it stays as it is, with what is typed into it.
    """
    if asks_in_background(request):
        return stop_asking()
    if request.method in {"GET", "HEAD"}:
        address = elevation_address(permission, back_to=request.get_full_path())
    else:
        address = elevation_address(permission, back_to=request.path) + "&lost=1"
    return interrupts(client_redirect(request, HttpResponseRedirect(address)))
