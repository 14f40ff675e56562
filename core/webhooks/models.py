"""Endpoints, what is to be delivered to them, and how each attempt went."""

from typing import ClassVar
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models

from core.common.ids import uuid7
from core.common.models import UUIDModel
from core.webhooks.states import OPEN, AttemptOutcome, DeliveryState, EndpointKind, EndpointState

_SEALED = 500


class WebhookEndpoint(UUIDModel):
    """An address that is told of events: of one contract, or of the whole deployment (None).

    Secrets are sealed for this row (`core.webhooks.secrets`). `lease` names the worker that has the
    endpoint in hand until `leased_until`: there is one request at a time. `rests_until` holds the
    whole endpoint back after failures, `failing_since` is the first of an unbroken row of them.
    """

    kind = models.CharField(max_length=10, choices=EndpointKind)
    name = models.CharField(max_length=80)
    contract = models.ForeignKey(
        "tenants.Contract", null=True, on_delete=models.PROTECT, related_name="+"
    )
    address = models.CharField(max_length=500)
    event_types = ArrayField(models.CharField(max_length=60), default=list)
    """Public names (`core.webhooks.catalogue`); of a SIEM stream none, it gets everything."""
    sealed_secret = models.BinaryField(max_length=_SEALED)
    sealed_former_secret = models.BinaryField(max_length=_SEALED, null=True)
    former_secret_ends_at = models.DateTimeField(null=True)
    sealed_authorization = models.BinaryField(max_length=2 * _SEALED, null=True)
    """What goes into the header Authorization, where the receiver asks for it."""
    state = models.CharField(max_length=10, choices=EndpointState, default=EndpointState.ACTIVE)
    state_since = models.DateTimeField()
    made_by = models.UUIDField()
    created_at = models.DateTimeField()
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    rests_until = models.DateTimeField(null=True)
    last_delivered_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(kind__in=EndpointKind.values), name="webhook_kind_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=EndpointState.values), name="webhook_state_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(lease=None, leased_until=None)
                | models.Q(lease__isnull=False, leased_until__isnull=False),
                name="webhook_lease_is_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(sealed_former_secret=None, former_secret_ends_at=None)
                | models.Q(sealed_former_secret__isnull=False, former_secret_ends_at__isnull=False),
                name="webhook_former_secret_has_an_end",
            ),
            models.CheckConstraint(
                condition=models.Q(kind=EndpointKind.SIEM, event_types=[])
                | (models.Q(kind=EndpointKind.WEBHOOK) & ~models.Q(event_types=[])),
                name="webhook_names_events_and_a_stream_none",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_siem(self) -> bool:
        """Whether it gets every sealed event, in batches."""
        return self.kind == EndpointKind.SIEM

    @property
    def managed_in(self) -> UUID | None:
        """Where the right to manage it is held: in its contract, or in the whole deployment."""
        return None if self.is_siem else self.contract_id

    @property
    def is_active(self) -> bool:
        """Whether anything is sent to it."""
        return self.state == EndpointState.ACTIVE


class WebhookDelivery(models.Model):
    """A row of the outbox: an event, or events of one chain from `first` to `last` for a SIEM.

    The keys of rows rise in the order of the seals. What is sent is made from the audit trail,
    which does not change, so that every attempt sends the same octets. `message_id` goes with each
    of them, so that receivers can drop doubles.
    """

    id = models.BigAutoField(primary_key=True)
    message_id = models.UUIDField(unique=True, default=uuid7)
    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries"
    )
    event_id = models.UUIDField(null=True)
    event_type = models.CharField(max_length=60)
    """The public name; of a batch `audit.batch`."""
    chain = models.UUIDField()
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    size = models.PositiveIntegerField(default=0)
    """About how many octets a batch has."""
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.WAITING)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    """Attempts since it was last put into the queue; the back-off goes by them."""
    attempted_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=12, choices=AttemptOutcome, blank=True)
    status = models.PositiveSmallIntegerField(null=True)
    delivered_at = models.DateTimeField(null=True)
    replays = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state__in=DeliveryState.values), name="delivery_state_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(last__gte=models.F("first")), name="delivery_is_a_range"
            ),
            models.UniqueConstraint(
                fields=["endpoint", "event_id"],
                condition=models.Q(event_id__isnull=False),
                name="delivery_event_once_for_an_endpoint",
            ),
            models.UniqueConstraint(
                fields=["endpoint", "chain", "first"],
                condition=models.Q(event_id=None),
                name="delivery_batch_begins_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["endpoint", "due_at", "id"],
                condition=models.Q(state__in=OPEN),
                name="delivery_open",
            ),
            models.Index(fields=["endpoint", "-id"], name="delivery_newest"),
            models.Index(fields=["created_at"], name="delivery_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.message_id}"

    @property
    def events(self) -> int:
        """How many events it holds."""
        return self.last - self.first + 1


class WebhookAttempt(models.Model):
    """One request, and what came back. `answer` is the beginning of it, whatever it was."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=12, choices=AttemptOutcome)
    status = models.PositiveSmallIntegerField(null=True)
    detail = models.CharField(max_length=20, blank=True)
    address = models.CharField(max_length=45, blank=True)
    """The network address that was asked, where it came to that."""
    milliseconds = models.PositiveIntegerField()
    answer = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"{self.outcome} {self.status or ''}".strip()
