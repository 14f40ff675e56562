"""What the pages share that enrol an app or a passkey, in MFA registration and in an account."""

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from core.mfa.authenticators.qr import draw_qr_code
from core.mfa.authenticators.totp import app_address
from core.mfa.services.passkeys import Options
from tenants.in_hand import brand_of

NOT_CONFIRMED = (
    "This code does not fit. Take the one that the app shows now; the clock of the phone must be "
    "right."
)
_LONGEST_ANSWER = 20_000
"""Characters; an answer of an authenticator has some two thousand."""


def qr_code(request: HttpRequest, secret: bytes | None, email: str) -> HttpResponse:
    """Answer with the QR code of a secret; never stored by a browser or on the way."""
    if secret is None:
        return HttpResponse(status=404)
    address = app_address(secret, issuer=brand_of(request).organization, account=email)
    return HttpResponse(
        draw_qr_code(address), content_type="image/svg+xml", headers={"Cache-Control": "no-store"}
    )


def options_answer(options: Options | None) -> HttpResponse:
    """Answer the page's script with a question for the authenticator, 409 without one."""
    return JsonResponse(options) if options else JsonResponse({}, status=409)


def answer_of(request: HttpRequest) -> Mapping[str, Any] | None:
    """Return an authenticator's answer as the page's script sent it, None for anything else."""
    text = request.POST.get("credential", "")
    if not text or len(text) > _LONGEST_ANSWER:
        return None
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None
