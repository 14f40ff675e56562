"""Setup: edit the contact information of a user."""

from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from core.accounts.contact_form import fields_of
from core.accounts.details_form import DetailsForm, initial_details, kept_details, show_stored
from core.accounts.models import User
from core.accounts.policies import contracts_of
from core.accounts.services.details import DetailsChangedError
from core.accounts.typed_forms import interrupts, keeps_typed, take_typed
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_or_post
from core.groups.permissions import Permission
from core.groups.reach import access_reached_user
from core.groups.services.people import change_user_details
from core.groups.user_acts import USER_ACTS, UserFacts, facts_of_user, offered_acts
from core.groups.views.shared import SetupRequest, done, refused, setup_page, setup_render
from tenants.in_hand import contract_of


@get_or_post
@keeps_typed(kept_details())
@setup_page(Permission.ACCOUNTS_MANAGE)
def details(request: SetupRequest, user_id: UUID) -> HttpResponse:
    """Correct name, address, phone and fax of somebody who works for the admin alone.

    Whoever goes from here to an act on the account finds again what they had typed.
    """
    found = access_reached_user(request.reach, user_id, Permission.ACCOUNTS_MANAGE)
    back_to = reverse("setup:user", args=[found.id])
    facts = facts_of_user(request.reach, found, at=clock.now())
    if not facts.may_act:
        # Their own page, nobody's here (design decision 15), or another contract is to be entered
        # first: the user's page says which.
        return HttpResponseRedirect(back_to)
    asked = fields_of(contracts_of(found.id), contract_of(request), form="added_user")
    typed = take_typed(request)
    form = DetailsForm(request.POST or None, initial=initial_details(found) | typed, fields=asked)
    context: dict[str, object] = {"form": form, "asked": asked, "typed_is_back": bool(typed)}
    if "instead" in request.POST:
        return _leave(found, request.POST["instead"], form)
    if request.method == "POST" and form.is_valid():
        try:
            change_user_details(
                user_id=found.id,
                details=form.details(),
                seen=form.cleaned_data["seen"],
                by=request.user.id,
                entered=request.reach.entered,
                at=clock.now(),
            )
        except DetailsChangedError as refusal:
            differing = show_stored(request, form, found)
            context |= {"changed": refusal.sentence, "differing": differing}
        except DomainError as error:
            return refused(request, error, back_to=back_to)
        else:
            return done(request, "Saved. The owner is told what was changed.", back_to=back_to)
    return _page(request, facts, context)


def _leave(found: User, name: str, form: DetailsForm) -> HttpResponse:
    """Lead to the page of an act and back, where what was typed and not saved stands again."""
    if name not in USER_ACTS:
        raise Http404
    path = reverse("setup:act", args=[found.id, name])
    query = urlencode({"next": reverse("setup:details", args=[found.id])})
    answer = HttpResponseRedirect(f"{path}?{query}")
    return interrupts(answer) if form.has_changed() else answer


def _page(request: SetupRequest, facts: UserFacts, context: dict[str, object]) -> HttpResponse:
    shown = {"managed": facts.user, "acts": offered_acts(facts, by=request.user.id)}
    response = setup_render(request, "details", context | shown, tab="users")
    response.status_code = 409 if "changed" in context else 200
    return response
