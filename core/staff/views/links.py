"""Company sign-ins of one's own staff account: see which are linked, link another, unlink one."""

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from core.accounts.models import User
from core.accounts.sessions.lifecycle import carry_on, outlives_changes
from core.accounts.signing_in.allauth_wrapper import VOUCHED, methods_used
from core.accounts.typed_forms import fields_named, keeps_typed, take_typed
from core.common import clock
from core.common.errors import DomainError
from core.common.http import get_only, get_or_post
from core.mfa.proving.freshness import is_fresh, to_confirmation
from core.staff.access import StaffRequest, staff_page
from core.staff.forms import ReasonForm
from core.staff.models import StaffIdentity
from core.staff.oidc.client import LINK
from core.staff.oidc.providers import list_providers
from core.staff.services.linking import is_in_reach, unlink_identity
from core.staff.views.oidc import lead_to, the_provider


@get_only
@staff_page()
def links(request: StaffRequest) -> HttpResponse:
    """List the providers that may open the account, with those that do already."""
    _require_password(request)
    user, at = request.staff.user, clock.now()
    linked = dict(StaffIdentity.objects.filter(user=user).values_list("issuer", "linked_at"))
    context = {
        "providers": [
            (one, linked.get(one.issuer))
            for one in list_providers()
            if one.issuer in linked or is_in_reach(user, one, at=at)
        ],
        "nav_here": "home",
    }
    return render(request, "staff/oidc_links.html", context)


@require_POST
@staff_page()
def link(request: StaffRequest, key: str) -> HttpResponse:
    """Lead to a provider, which asks anew who somebody is; its answer links the account."""
    _require_password(request)
    provider = the_provider(key)
    if not is_fresh(request, request.staff.user, at=clock.now()):
        return to_confirmation(request, back_to="staff:oidc_links")
    return lead_to(request, provider, purpose=LINK, target="")


@get_or_post
@keeps_typed(fields_named("reason"))
@staff_page()
@outlives_changes
def unlink(request: StaffRequest, key: str) -> HttpResponse:
    """Ask why, then take a provider's way into one's account away."""
    _require_password(request)
    provider, user = the_provider(key), request.staff.user
    if not is_fresh(request, user, at=clock.now()):
        return to_confirmation(request)
    typed = take_typed(request)
    form = ReasonForm(request.POST or None, initial=typed)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            done = unlink_identity(
                user_id=user.id, issuer=provider.issuer, reason=reason, at=clock.now()
            )
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            return _unlinked(request, provider.name, done=done)
    elif not StaffIdentity.objects.filter(user=user, issuer=provider.issuer).exists():
        return HttpResponseRedirect(reverse("staff:oidc_links"))
    context = {"provider": provider, "form": form, "typed_is_back": bool(typed)}
    return render(request, "staff/oidc_unlink.html", {"nav_here": "home", **context})


def _unlinked(request: StaffRequest, name: str, *, done: bool) -> HttpResponse:
    """Go back to the list; where it was done, this session alone goes on."""
    if done:
        carry_on(request, User.objects.with_contracts().get(pk=request.staff.user.id))
        messages.success(request, f"{name} no longer opens your account.")
    else:
        messages.info(request, f"{name} was not linked any more.")
    return HttpResponseRedirect(reverse("staff:oidc_links"))


def _require_password(request: StaffRequest) -> None:
    """Answer 404 to who came through a provider: what links another is proven here."""
    user = request.staff.user
    if user.signs_in_elsewhere or VOUCHED in methods_used(request, user):
        raise Http404
