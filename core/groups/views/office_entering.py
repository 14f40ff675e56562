"""What programs ask of an office's admins before they see or decide who works there.

Whoever assigns people to a provider decides who reaches its program, like an admin of the provider:
the program asks them for what it asks of its admins (design decision 7).
"""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from core.accounts.access import SignedInRequest
from core.accounts.policies import find_contracts
from core.common import clock
from core.groups.models import AccessGrant, Office
from core.groups.offices import contracts_of_office
from core.groups.views.shared import ToEnter
from core.mfa.proving.stepping_up import satisfied, step_up_path

_REACHES_FURTHER: Final = (
    "Nothing was done, because this also reaches into {names}. Confirm your sign-in for it first; "
    "the page of the office leads there."
)


def to_enter_for_office(
    request: SignedInRequest, contract_ids: Iterable[UUID], *, back_to: str
) -> list[ToEnter]:
    """Return which of some contracts the session has to enter first, each with its page.

    A contract out of service has no page, and shows nothing.
    """
    found = sorted(find_contracts(set(contract_ids)), key=lambda one: one.name)
    return [
        ToEnter(one, step_up_path(request, one, back_to=back_to, as_admin=True))
        for one in found
        if satisfied(request, one, as_admin=True) is not None
    ]


def ask_before_grant(request: SignedInRequest, grant: AccessGrant) -> HttpResponse | None:
    """Lead to what the program of a grant asks for, and back to it; None where it is satisfied."""
    is_page = request.method in {"GET", "HEAD"}
    page = reverse("offices:grant", args=[grant.id])
    missing = to_enter_for_office(
        request,
        [grant.provider.contract_id],
        back_to=request.get_full_path() if is_page else page,
    )
    return HttpResponseRedirect(missing[0].path) if missing else None


def why_not_yet(request: SignedInRequest, office: Office) -> str:
    """Return why an act on all that an office reaches has to wait; nothing when it has not."""
    contracts = contracts_of_office(office, at=clock.now())
    missing = to_enter_for_office(request, contracts, back_to="")
    names = " and ".join(one.contract.name for one in missing)
    return _REACHES_FURTHER.format(names=names) if names else ""


def wait_for_entry(request: SignedInRequest, office: Office) -> HttpResponse | None:
    """Lead back to the office's page when an act has to wait, and say why; None lets it pass."""
    why = why_not_yet(request, office)
    if not why:
        return None
    messages.error(request, why)
    return HttpResponseRedirect(reverse("offices:office", args=[office.id]))
