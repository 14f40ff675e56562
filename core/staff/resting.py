"""Pages of staff about a program that is out of service: its requests wait with it."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpResponse
from django.shortcuts import render

from core.staff.access import StaffRequest
from tenants.errors import UnknownContractError

P = ParamSpec("P")


def waits_for_service(
    view: Callable[Concatenate[StaffRequest, P], HttpResponse],
) -> Callable[Concatenate[StaffRequest, P], HttpResponse]:
    """Have a page of a request say so when its program is suspended, closed or not ready.

    Stands below `staff_page`, so that the scope was asked. Nothing is decided meanwhile: what would
    follow from it, mail in the program's name above all, belongs to a program in service.
    """

    @wraps(view)
    def inside(request: StaffRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except UnknownContractError:
            return render(request, "staff/resting.html", {"nav_here": "requests"}, status=409)

    return inside
