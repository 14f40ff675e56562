"""Audit events and their seals: append-only, without foreign keys in the database, so that history
never holds live data back."""

from typing import ClassVar

from django.db import models

from core.common.models import UUIDModel


class AuditEvent(UUIDModel):
    """One act or refusal.

    Holds ids in place of names and addresses. `mac` is made by the writer; the sealer takes events
    in the order of `transaction_id`, below the snapshot horizon. The application's database role
    may insert and read, no more.
    """

    application_may: ClassVar = ("SELECT", "INSERT")

    at = models.DateTimeField()
    event_type = models.CharField(max_length=80)
    result = models.CharField(max_length=40)
    actor_id = models.UUIDField(null=True)
    subject_type = models.CharField(max_length=40, blank=True)
    subject_id = models.UUIDField(null=True)
    contract_id = models.UUIDField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    remote_address = models.CharField(max_length=45, blank=True)
    data = models.JSONField(default=dict)
    transaction_id = models.BigIntegerField()
    key_version = models.PositiveSmallIntegerField()
    mac = models.BinaryField(max_length=32)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(event_type__regex=r"^[a-z_]+\.[a-z_]+$"),
                name="audit_event_type_is_noun_verb",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-at", "-id"], name="audit_newest"),
            models.Index(fields=["contract_id", "-at", "-id"], name="audit_newest_of_contract"),
            models.Index(fields=["actor_id", "-at", "-id"], name="audit_newest_of_actor"),
            models.Index(fields=["event_type", "-at", "-id"], name="audit_newest_of_type"),
            models.Index(fields=["subject_id", "-at", "-id"], name="audit_newest_of_subject"),
            models.Index(fields=["transaction_id", "id"], name="audit_by_transaction"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.result}"


class AuditSeal(models.Model):
    """The place of one event in its chain (`core.audit.chains`), and the digest up to there.

    In a table of its own, so that sealing adds rows and changes none: the sealer works with the
    rights of everybody else, and an event is not written twice.
    """

    application_may: ClassVar = ("SELECT", "INSERT")

    # For joins alone: the sealer adds thousands of rows at once, and looks itself for their events.
    event = models.OneToOneField(
        AuditEvent, models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="seal"
    )
    chain = models.UUIDField()
    position = models.BigIntegerField()
    digest = models.BinaryField(max_length=32)
    key_version = models.PositiveSmallIntegerField()
    mac = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["chain", "position"], name="audit_position_once_in_chain"
            ),
            models.CheckConstraint(
                condition=models.Q(position__gte=1), name="audit_chain_begins_at_one"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.position}"


class Adoption(models.Model):
    """That a contract's events from before `at` came from another deployment, in a transaction.

    Whoever passes events on leaves them out: they were passed on where they happened.
    """

    application_may: ClassVar = ("SELECT", "INSERT")

    transaction_id = models.BigIntegerField()
    contract_id = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["transaction_id"], name="audit_adoption_by_transaction"),
        ]

    def __str__(self) -> str:
        return f"events of {self.contract_id}"


class Sealing(models.Model):
    """How far the sealer has come: one row, which whoever seals holds.

    `through` is the id of a transaction: what earlier ones wrote is sealed.
    """

    application_may: ClassVar = ("SELECT", "INSERT", "UPDATE")

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    through = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(id=1), name="audit_sealing_is_one_row"),
        ]

    def __str__(self) -> str:
        return f"through {self.through}"
