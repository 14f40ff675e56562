"""What several pages of registration need: the browser's journeys, and where they lead."""

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse

from contracts.registration.models import Journey
from contracts.registration.selectors import find_journey
from core.common import clock
from core.common.context import current_context
from core.common.networks import caller_of
from tenants.context import ActiveContract
from tenants.in_hand import contract_of

STEPS: Final = ("Your organization", "Your information", "Terms of use", "Confirm by e-mail")
_SESSION_KEY: Final = "registration_journeys"
_MOST_JOURNEYS: Final = 10

JourneyView = Callable[[HttpRequest, Journey, ActiveContract], HttpResponse]
View = Callable[[HttpRequest, UUID], HttpResponse]


def posted(request: HttpRequest) -> QueryDict | None:
    """Return what a form is bound to: an empty POST is a form sent empty, too."""
    return request.POST if request.method == "POST" else None


def remote_address() -> str:
    """Return what attempts are counted under: an IPv4 address, or the /64 of an IPv6 one."""
    return caller_of(current_context().remote_address)


def hold_journeys(request: HttpRequest, journeys: Iterable[Journey]) -> None:
    """Let this browser open these journeys; the oldest make room."""
    held = [str(key) for key in held_journeys(request)]
    held += [str(journey.id) for journey in journeys]
    request.session[_SESSION_KEY] = held[-_MOST_JOURNEYS:]


def held_journeys(request: HttpRequest) -> Sequence[UUID]:
    """Return the keys of the journeys that this browser may open."""
    return [UUID(key) for key in request.session.get(_SESSION_KEY, [])]


def journey_page(view: JourneyView) -> View:
    """Load the journey of a page; one that this browser does not hold leads to the beginning.

    A journey that was submitted leads to its confirmation page, whichever page was asked for.
    """

    @wraps(view)
    def opened(request: HttpRequest, journey_id: UUID) -> HttpResponse:
        journey, contract = load_journey(request, journey_id)
        if journey is None or contract is None:
            return to_start()
        if journey.pending_id is not None:
            return to_page("confirmation", journey)
        return view(request, journey, contract)

    return opened


def load_journey(
    request: HttpRequest, journey_id: UUID
) -> tuple[Journey | None, ActiveContract | None]:
    """Return a journey of this browser in the contract of the page, and the contract."""
    contract = contract_of(request)
    if contract is None:
        return None, None
    journey = find_journey(
        journey_id, contract_id=contract.id, held=held_journeys(request), at=clock.now()
    )
    return journey, contract


def to_page(name: str, journey: Journey) -> HttpResponseRedirect:
    """Lead to a page of a journey in the same contract."""
    return HttpResponseRedirect(reverse(f"registration:{name}", args=[journey.id]))


def to_start() -> HttpResponseRedirect:
    """Lead to the beginning, which says that what was open is no longer."""
    return HttpResponseRedirect(reverse("registration:start") + "?ended=1")
