"""Codes, letters and reminders on their way, and who was sent what."""

from typing import ClassVar

from django.db import models
from django.db.models import Q, Value

from contracts.roster.mailings.states import MailingAct, MailingForm, MailingState
from contracts.roster.models.entries import RosterEntry
from tenants.scoping import ContractModel


class Mailing(ContractModel):
    """What somebody asked to be made for some entries, and how far it is.

    `request_key` is the page's on which it was asked: a second click names the same one.
    """

    application_may: ClassVar = ("SELECT", "INSERT", "UPDATE")

    request_key = models.UUIDField(unique=True)
    act = models.CharField(max_length=10, choices=MailingAct)
    form = models.CharField(max_length=10, choices=MailingForm)
    chosen = models.JSONField(default=dict)
    """The filter that the entries were found by (`entries.finding.EntryFilter`)."""
    reason = models.CharField(max_length=300)
    state = models.CharField(max_length=10, choices=MailingState, default=MailingState.WORKING)
    asked_by = models.UUIDField()
    asked_at = models.DateTimeField()
    moved_at = models.DateTimeField()
    """When a worker was last at it."""
    ready_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0)
    """Those that were registered or taken off the roster before their turn came."""
    runs = models.PositiveSmallIntegerField(default=0)
    """How often a worker has begun to put the file together."""

    class Meta(ContractModel.Meta):
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=MailingState.values), name="roster_mailing_state"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[MailingState.WORKING, MailingState.READY])
                ^ Q(ended_at__isnull=False),
                name="roster_mailing_end_has_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(act=MailingAct.ISSUE) | ~Q(form=MailingForm.MAIL),
                name="roster_mailing_mails_no_codes",
            ),
            models.UniqueConstraint(
                Value(1),
                condition=Q(state=MailingState.WORKING),
                name="roster_mailing_one_is_at_work",
            ),
        ]
        ordering: ClassVar = ["-asked_at"]

    def __str__(self) -> str:
        return f"{self.act} as {self.form}, {self.state}"


class MailingLetter(ContractModel):
    """What one entry was sent. Its code lies here sealed until the file is put together."""

    application_may: ClassVar = ("SELECT", "INSERT", "UPDATE")

    id = models.BigAutoField(primary_key=True)  # type: ignore[assignment]
    mailing = models.ForeignKey(Mailing, on_delete=models.PROTECT, related_name="letters")
    entry = models.ForeignKey(RosterEntry, on_delete=models.PROTECT, related_name="letters")
    code_id = models.UUIDField(null=True)
    code_sealed = models.BinaryField(null=True)
    done_at = models.DateTimeField(null=True)
    is_left_out = models.BooleanField(default=False)

    class Meta(ContractModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["mailing", "entry"], name="roster_letter_once"),
            models.CheckConstraint(
                condition=Q(code_sealed__isnull=True) | Q(code_id__isnull=False),
                name="roster_letter_seals_its_code",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["mailing", "id"],
                condition=Q(done_at=None),
                name="roster_letter_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"letter to {self.entry_id}"


class MailingPiece(ContractModel):
    """A piece of a mailing's file, sealed; deleted when it is taken or nobody came for it."""

    application_may: ClassVar = ("SELECT", "INSERT", "DELETE")

    mailing = models.ForeignKey(Mailing, on_delete=models.PROTECT, related_name="pieces")
    number = models.PositiveIntegerField()
    sealed = models.BinaryField()

    class Meta(ContractModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["mailing", "number"], name="roster_piece_once")
        ]

    def __str__(self) -> str:
        return f"piece {self.number}"
