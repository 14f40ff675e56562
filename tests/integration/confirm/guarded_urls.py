"""The portal's addresses and one page that asks for a fresh sign-in."""

from django.http import HttpResponse
from django.urls import include, path

from core.accounts.access import SignedInRequest, signed_in
from core.common.http import get_or_post
from core.mfa.proving.freshness import fresh_sign_in


@get_or_post
@signed_in
@fresh_sign_in()
def guarded(request: SignedInRequest) -> HttpResponse:
    """Change something important."""
    return HttpResponse(f"changed by {request.user.username}")


urlpatterns = [path("guarded/", guarded, name="guarded"), path("", include("config.urls"))]
