"""The weekly mail: the switch on Activity, and the link in the mail."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from core.common import clock
from core.common.http import get_only, get_or_post
from core.groups.permissions import Permission
from core.groups.services.weekly import switch_off_by_link, switch_weekly_mail
from core.groups.views.shared import SetupRequest, done, setup_page


@require_POST
@setup_page(Permission.ACTIVITY_VIEW)
def switch(request: SetupRequest) -> HttpResponse:
    """Begin or stop to send the person the weekly mail."""
    wanted = request.POST.get("weekly", "")
    if wanted not in {"on", "off"}:
        raise Http404
    switch_weekly_mail(user=request.user, on=wanted == "on", at=clock.now())
    told = f"The weekly mail is {wanted}."
    return done(request, told, back_to=reverse("setup:activity"))


@get_or_post
def off(request: HttpRequest, token: str) -> HttpResponse:
    """Show a button; pressing it stops the weekly mail, and nothing else.

    GET looks nothing up and changes nothing: mail scanners follow links.
    """
    if request.method != "POST":
        return render(request, "groups/weekly_off.html")
    if not switch_off_by_link(token=token, at=clock.now()):
        raise Http404
    # Another address than the token's: it stands in no log of later requests.
    return HttpResponseRedirect(reverse("weekly_is_off"))


@get_only
def is_off(request: HttpRequest) -> HttpResponse:
    """Say that it is off."""
    return render(request, "groups/weekly_is_off.html")
