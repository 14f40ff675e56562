"""My account: what the portal holds about oneself, as a file."""

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render

from core.accounts.access import SignedInRequest, before_entry, signed_in
from core.accounts.own_data import list_own_data
from core.accounts.services.own_data import download_own_data
from core.common import clock
from core.common.http import get_or_post
from core.mfa.proving.freshness import fresh_sign_in


@get_or_post
@signed_in
@before_entry
@fresh_sign_in()
def own_data(request: SignedInRequest) -> HttpResponse:
    """Say what the file holds; the button downloads it."""
    if request.method != "POST":
        context = {"parts": list_own_data(), "nav_here": "account"}
        return render(request, "accounts/my_account/own_data.html", context)
    data = download_own_data(user=request.user, at=clock.now())
    answer = JsonResponse(data, json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer["Content-Disposition"] = 'attachment; filename="portal-account.json"'
    return answer
