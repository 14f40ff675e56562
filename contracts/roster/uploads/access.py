"""The doors of roster pages: the contract with its permission, and what lies in its schema."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse

from contracts.roster.models import RosterUpload
from core.common.http import row_or_404
from core.staff.access import StaffRequest, staff_page
from core.staff.contract_access import access_contract
from core.staff.permissions import StaffPermission
from tenants import registry
from tenants.context import contract_context
from tenants.models import Contract

P = ParamSpec("P")


def roster_page(
    permission: StaffPermission,
) -> Callable[
    [Callable[Concatenate[StaffRequest, Contract, P], HttpResponse]],
    Callable[Concatenate[HttpRequest, P], HttpResponse],
]:
    """Open a page to staff who hold a permission in the contract that its address names.

    The view gets the contract and runs in it. Raises Http404 out of scope and for a contract that
    is not ready, which has no roster yet; who sees it without the permission is refused.
    """

    def decorate(
        view: Callable[Concatenate[StaffRequest, Contract, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        def inside(request: StaffRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            contract = access_contract(request.staff, str(kwargs.pop("slug")), permission)
            active = registry.find_contract(contract.slug)
            if active is None:
                raise Http404
            with contract_context(active):
                return view(request, contract, *args, **kwargs)

        update_wrapper(inside, view)
        return staff_page(permission)(inside)

    return decorate


def access_upload(key: UUID) -> RosterUpload:
    """Return an upload of the contract in hand. Raises Http404 otherwise."""
    return row_or_404(RosterUpload.objects.all(), key)
