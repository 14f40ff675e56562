"""The outbox, the calls' answers, and the mailbox of the local channel.

No row of the outbox holds a secret: codes and links are minted when the message is handed to its
channel (docs/adr). The local mailbox holds what a real mailbox would hold; its table stays empty
where real channels are configured, and only `channels/local.py` writes to it.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from core.common.models import UUIDModel
from core.common.phones import format_us_phone
from core.notifications.states import CallState, Channel, MessageStatus


class OutboxMessage(UUIDModel):
    """Something that must leave, written in the transaction of the change that caused it."""

    kind = models.CharField(max_length=60)
    channel = models.CharField(max_length=10, choices=Channel)
    to = models.CharField(max_length=254)
    contract = models.ForeignKey(
        "tenants.Contract", null=True, on_delete=models.PROTECT, related_name="+"
    )
    account_id = models.UUIDField(null=True)
    subject_id = models.UUIDField(db_index=True)
    context = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=MessageStatus, default=MessageStatus.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField()
    not_after = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    provider_reference = models.CharField(max_length=200, blank=True)
    failure = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=MessageStatus.values), name="outbox_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(channel__in=Channel.values), name="outbox_channel_is_known"
            ),
            models.CheckConstraint(condition=~Q(to=""), name="outbox_message_has_address"),
            models.CheckConstraint(
                condition=Q(status=MessageStatus.SENT, sent_at__isnull=False)
                | (~Q(status=MessageStatus.SENT) & Q(sent_at__isnull=True)),
                name="outbox_sent_has_moment",
            ),
            models.CheckConstraint(
                condition=~Q(status=MessageStatus.SENDING) | Q(claimed_at__isnull=False),
                name="outbox_sending_is_claimed",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(status=MessageStatus.QUEUED),
                name="outbox_due",
            ),
            models.Index(
                fields=["claimed_at"],
                condition=Q(status=MessageStatus.SENDING),
                name="outbox_in_flight",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id} {self.status}"


class CallAnswer(UUIDModel):
    """One report of keys pressed in a call; a report that comes again gets the same answer.

    The keys themselves are not kept. `digest` is that of the signed report.
    """

    message = models.ForeignKey(OutboxMessage, on_delete=models.CASCADE, related_name="answers")
    digest = models.CharField(max_length=64, unique=True)
    accepted = models.BooleanField()
    received_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.message_id} {'accepted' if self.accepted else 'refused'}"


class LocalMessage(UUIDModel):
    """What the local channel delivered: a mail, a text message or a call on this machine."""

    message_id = models.UUIDField(db_index=True)
    channel = models.CharField(max_length=10, choices=Channel)
    to = models.CharField(max_length=254, db_index=True)
    sender = models.CharField(max_length=254)
    subject = models.CharField(max_length=400, blank=True)
    text = models.TextField()
    html = models.TextField(blank=True)
    code = models.CharField(max_length=20, blank=True)
    link = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField()
    call_state = models.CharField(max_length=10, choices=CallState, blank=True)
    expect = models.CharField(max_length=10, blank=True)
    entered = models.CharField(max_length=20, blank=True)
    accepted = models.BooleanField(null=True)

    class Meta:
        ordering: ClassVar = ["-sent_at", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(channel=Channel.VOICE, call_state__in=CallState.values)
                | (~Q(channel=Channel.VOICE) & Q(call_state="")),
                name="local_message_call_has_state",
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel} to {self.to}"

    @property
    def shown_to(self) -> str:
        """The address, or the number as people write it."""
        return format_us_phone(self.to)
