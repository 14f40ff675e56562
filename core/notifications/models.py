"""The outbox, the calls' answers, the mailbox of the local channel, and how senders stand.

No row of the outbox holds a secret: codes and links are minted when the message is handed to its
channel (docs/adr). The local mailbox holds what a real mailbox would hold; its table stays empty
where real channels are configured, and only `channels/local.py` writes to it.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from core.common.models import UUIDModel
from core.common.phones import format_us_phone
from core.notifications.states import (
    LEFT,
    NOT_ARRIVED,
    SENDING,
    CallState,
    Channel,
    MessageStatus,
    SenderStanding,
    SuppressionReason,
)


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
    delivered_at = models.DateTimeField(null=True)
    """When the provider reported that it arrived; not every provider reports."""
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
                condition=Q(status__in=LEFT, sent_at__isnull=False)
                | (~Q(status__in=LEFT) & Q(sent_at__isnull=True)),
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
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(status=MessageStatus.UNKNOWN, channel=Channel.VOICE),
                name="outbox_calls_to_ask_again",
            ),
            models.Index(
                fields=["status", "created_at"],
                condition=Q(status__in=NOT_ARRIVED),
                name="outbox_not_arrived",
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


class CallWatch(models.Model):
    """A call whose result is still to be read at the provider, and when to look next."""

    message = models.OneToOneField(
        OutboxMessage, on_delete=models.CASCADE, primary_key=True, related_name="watch"
    )
    next_look_at = models.DateTimeField()
    until_at = models.DateTimeField()
    looks = models.PositiveSmallIntegerField(default=0)
    closed_at = models.DateTimeField(null=True)
    ended = models.CharField(max_length=60, blank=True)
    """The provider's code for the end of the call, such as CUSTOMER_DISCONNECT."""

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["next_look_at"],
                condition=Q(closed_at__isnull=True),
                name="call_watch_open",
            )
        ]

    def __str__(self) -> str:
        return f"call {self.message_id}"


class ChannelHealth(models.Model):
    """The breaker of one channel: what failed in a row, and whether the way is closed for now.

    One row for all processes. `opened_at` is set while nothing is handed over; from `probe_at` on
    one message may try, and until `probing_until` it is the only one.
    """

    channel = models.CharField(max_length=10, choices=Channel, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    openings = models.PositiveSmallIntegerField(default=0)
    probe_at = models.DateTimeField(null=True)
    probing_until = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(channel__in=Channel.values), name="channel_health_channel_is_known"
            ),
            models.CheckConstraint(
                condition=Q(opened_at__isnull=True, probe_at__isnull=True)
                | Q(opened_at__isnull=False, probe_at__isnull=False),
                name="channel_health_open_has_probe",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {'down' if self.opened_at else 'up'}"


class SuppressedAddress(UUIDModel):
    """An address that gets no notices: mail came back, or was reported as unwanted.

    What a person asks for (a code, a link) is sent all the same. `lifted_at` ends it; a report
    about mail from before that moment does not bring it back.
    """

    address = models.CharField(max_length=254, unique=True)
    """In small letters."""
    reason = models.CharField(max_length=10, choices=SuppressionReason)
    since_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)
    message_id = models.UUIDField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(reason__in=SuppressionReason.values), name="suppression_reason_is_known"
            ),
            models.CheckConstraint(
                condition=Q(address=Lower("address")), name="suppressed_address_in_small_letters"
            ),
        ]

    def __str__(self) -> str:
        return f"suppressed {self.id} {self.reason}"


class ChannelUse(UUIDModel):
    """How many messages a contract (None: the deployment) sent in a month by one channel."""

    month = models.DateField()
    contract = models.ForeignKey(
        "tenants.Contract", null=True, on_delete=models.PROTECT, related_name="+"
    )
    channel = models.CharField(max_length=10, choices=Channel)
    messages = models.PositiveIntegerField(default=0)
    withheld = models.PositiveIntegerField(default=0)
    warned_at = models.DateTimeField(null=True)
    spent_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["month", "contract", "channel"],
                nulls_distinct=False,
                name="channel_use_once_a_month",
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="channel_use_month_is_a_first"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.channel} {self.messages}"


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


class SenderCheck(UUIDModel):
    """That the provider said the same of a sender from `first_at` to `last_at`.

    The next other word ends it (`ended_at`) and begins another row. `identity` is an address, a
    number, a pool or a contact flow. A provider that could not be asked leaves the row as it is and
    says so in `failure`, a short code, while it lasts.
    """

    channel = models.CharField(max_length=10, choices=Channel)
    identity = models.CharField(max_length=254)
    standing = models.CharField(max_length=10, choices=SenderStanding)
    facts = models.JSONField(default=dict)
    """What the provider says beside it: the identity that counts, and records for the DNS."""
    times = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    asked_at = models.DateTimeField()
    failure = models.CharField(max_length=80, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["channel", "identity"],
                condition=Q(ended_at=None),
                name="sender_check_one_present",
            ),
            models.CheckConstraint(
                condition=Q(standing__in=SenderStanding.values), name="sender_check_standing"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.identity}: {self.standing}"

    @property
    def may_send(self) -> bool:
        """Tell whether the provider takes messages from it."""
        return self.standing in SENDING

    @property
    def is_refused(self) -> bool:
        """Tell whether the provider certainly takes none."""
        return self.standing in {SenderStanding.PENDING, SenderStanding.MISSING}
