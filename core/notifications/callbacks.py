"""Reports from the provider of phone calls."""

import json
import logging
from uuid import UUID

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.common.clock import now
from core.notifications.services.calls import report_keys
from core.notifications.signatures import HEADER, signature_is_valid

logger = logging.getLogger(__name__)
_LARGEST_REPORT = 2_000


class VoiceCallbackView(APIView):
    """`POST /callbacks/voice/`: the keys that were pressed in a call.

    For the contact flow of the phone provider alone: the body is signed (`signatures.py`), fresh,
    and has its effect once. Body: `{"message": <the id given with the call>, "digits": "#"}`.
    Answers `{"accepted": true|false}`; 401 for a signature that does not hold, 400 for a signed
    body that is not such a report.
    """

    def post(self, request: Request) -> Response:
        """Check the signature, then pass the keys on."""
        at = now()
        # The bytes as they came: the signature is over them, not over what a parser made of them.
        body: bytes = request._request.body  # noqa: SLF001
        signature = request.headers.get(HEADER, "")
        if len(body) > _LARGEST_REPORT or not signature_is_valid(
            signature, body, secret=settings.PORTAL_VOICE_CALLBACK_SECRET, at=at
        ):
            logger.warning("a report of a call was refused: its signature does not hold")
            return Response({"error": "signature"}, status=401)
        try:
            message_id, digits = _read(body)
        except (ValueError, KeyError, TypeError):
            return Response({"error": "report"}, status=400)
        result = report_keys(
            message_id=message_id, digits=digits, report=signature.encode() + body, at=at
        )
        return Response({"accepted": result.accepted})


def _read(body: bytes) -> tuple[UUID, str]:
    report = json.loads(body)
    return UUID(report["message"]), str(report["digits"])
