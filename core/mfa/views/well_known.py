"""Which hosts may ask for the passkeys of the shared domain."""

from django.http import Http404, HttpRequest, JsonResponse
from django.http.request import split_domain_port

from core.common.http import get_only
from core.mfa.authenticators.passkey_domain import related_origins, shared_domain


@get_only
def webauthn(request: HttpRequest) -> JsonResponse:
    """List our hosts for browsers (WebAuthn Level 3, Related Origin Requests).

    Only at the domain itself: anywhere else nobody reads it.
    """
    name, _port = split_domain_port(request.get_host().lower())
    if name != shared_domain():
        raise Http404
    return JsonResponse({"origins": related_origins()})
