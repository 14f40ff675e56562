"""What providers tell the portal: that a call has something to read, and what became of messages.

Nothing is believed for being sent here. A report of a call only makes us look at the provider's
(`services/watching.py`); a notification must carry Amazon's own signature and come from a topic
that the settings name.
"""

import json
import logging
from typing import Final
from uuid import UUID

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.common import clock
from core.notifications.channels.base import DeliveryError
from core.notifications.reports import read_report
from core.notifications.services.feedback import Taken, record_report
from core.notifications.services.watching import look_at_call
from core.notifications.signatures import HEADER, signature_is_valid
from core.notifications.topic_notifications import (
    BadNotificationError,
    Notification,
    check_signature,
    read_notification,
)

logger = logging.getLogger(__name__)
_LARGEST_REPORT: Final = 2_000
_LARGEST_NOTIFICATION: Final = 300_000


class VoiceCallbackView(APIView):
    """`POST /callbacks/voice/`: a call has something to read.

    For a function of the contact flow, where one is used: the body is signed (`signatures.py`) and
    fresh. Body: `{"message": <the id given with the call>}`; anything else in it is ignored.
    Answers `{"accepted": true|false}` after reading the call at its provider; 401 for a signature
    that does not hold, 400 for a signed body that is not such a report.
    """

    def post(self, request: Request) -> Response:
        """Check the signature, then look."""
        # The bytes as they came: the signature is over them, not over what a parser made of them.
        body: bytes = request._request.body  # noqa: SLF001
        if len(body) > _LARGEST_REPORT or not signature_is_valid(
            request.headers.get(HEADER, ""),
            body,
            secret=settings.PORTAL_VOICE_CALLBACK_SECRET,
            at=clock.now(),
        ):
            logger.warning("a report of a call was refused: its signature does not hold")
            return Response({"error": "signature"}, status=401)
        try:
            message_id = UUID(json.loads(body)["message"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return Response({"error": "report"}, status=400)
        accepted = look_at_call(message_id=message_id, clock=clock.now, now=True)
        return Response({"accepted": accepted})


class TopicCallbackView(APIView):
    """`POST /callbacks/topic/`: notifications of Amazon SNS about mail and text messages.

    Only from the topics in `AWS_EVENT_TOPICS`, with a signature of version 2 by a certificate that
    comes from Amazon SNS itself. A subscription is confirmed for those topics alone, through the
    service's API, never by following an address in the message. Answers 200 also for what it has
    no use for; 403 otherwise; 503 where the certificate or the confirmation cannot be had now, so
    that SNS tries again.
    """

    def post(self, request: Request) -> Response:
        """Check where it comes from, then take it in."""
        body: bytes = request._request.body  # noqa: SLF001
        try:
            return _take_in(_checked(body))
        except BadNotificationError as refusal:
            logger.warning("a notification of a topic was refused: %s", refusal)
            return Response({"error": "notification"}, status=403)
        except DeliveryError as trouble:
            logger.warning("a notification of a topic could not be checked: %s", trouble.reason)
            return Response({"error": "later"}, status=503)


def signing_certificate(url: str) -> bytes:
    """Return the certificate that a notification names. Raises what `topics` raises for it."""
    # Amazon's library is loaded with the first notification, and not with every process.
    from core.notifications.channels import topics  # noqa: PLC0415

    return topics.signing_certificate(url)


def confirm_subscription(*, topic: str, token: str) -> None:
    """Confirm the portal's subscription to a topic. Raises what `topics` raises for it."""
    from core.notifications.channels import topics  # noqa: PLC0415

    topics.confirm_subscription(topic=topic, token=token)


def _checked(body: bytes) -> Notification:
    """Return a notification that Amazon SNS has signed. Raises BadNotificationError."""
    if len(body) > _LARGEST_NOTIFICATION:
        raise BadNotificationError("too large")
    at = clock.now()
    notification = read_notification(body, topics=settings.AWS_EVENT_TOPICS, at=at)
    certificate = signing_certificate(notification.certificate_url)
    check_signature(notification, certificate, at=at)
    return notification


def _take_in(notification: Notification) -> Response:
    if notification.kind == "SubscriptionConfirmation":
        confirm_subscription(topic=notification.topic, token=notification.token)
        return Response({"confirmed": True})
    report = read_report(notification.message) if notification.kind == "Notification" else None
    if report is None:
        return Response({"taken": False})
    taken = record_report(report=report, at=clock.now())
    if taken is Taken.LATER:
        return Response({"error": "later"}, status=503)
    return Response({"taken": taken is Taken.TAKEN})
