"""The states of an endpoint and of what is delivered to it.

An endpoint is `active` until staff pause it or it has failed for days; what happens then waits.

    waiting ⇄ sending → delivered
       ↑         └────→ dead
       └── replay ── delivered, dead
"""

from collections.abc import Mapping
from typing import Final

from django.db import models


class EndpointKind(models.TextChoices):
    """What an endpoint is told, and how."""

    WEBHOOK = "webhook", "Webhook"
    SIEM = "siem", "SIEM stream"


class EndpointState(models.TextChoices):
    """Whether anything is sent."""

    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused by staff"
    FAILED = "failed", "Paused after failures"


class DeliveryState(models.TextChoices):
    """What has become of a delivery."""

    WAITING = "waiting", "Waiting"
    SENDING = "sending", "Being sent"
    DELIVERED = "delivered", "Delivered"
    DEAD = "dead", "Given up"


OPEN: Final = (DeliveryState.WAITING, DeliveryState.SENDING)
"""What is still to be delivered."""
STEPS: Final[Mapping[DeliveryState, tuple[DeliveryState, ...]]] = {
    DeliveryState.WAITING: (DeliveryState.SENDING,),
    # To itself: its worker was lost, and another one takes it in hand.
    DeliveryState.SENDING: (
        DeliveryState.SENDING,
        DeliveryState.WAITING,
        DeliveryState.DELIVERED,
        DeliveryState.DEAD,
    ),
    DeliveryState.DELIVERED: (DeliveryState.WAITING,),
    DeliveryState.DEAD: (DeliveryState.WAITING,),
}


class AttemptOutcome(models.TextChoices):
    """How an attempt went."""

    TAKEN = "taken", "Taken"
    REFUSED = "refused", "Refused"
    FAULT = "fault", "The receiver had a fault"
    BUSY = "busy", "The receiver is busy"
    GONE = "gone", "The receiver is gone for good"
    REDIRECT = "redirect", "Redirected, which is not followed"
    NO_NAME = "no_name", "The name leads nowhere"
    INSIDE = "inside", "The name leads to an address that is not public"
    UNREACHABLE = "unreachable", "No connection"
    SLOW = "slow", "No answer in time"
    CERTIFICATE = "certificate", "The certificate is not right"
    ODD = "odd", "What came back is no answer"
    LOST = "lost", "Not known: our own worker was lost"
    UNREADABLE = "unreadable", "The event or the secret could not be read here"
