"""Disputes over an identifier: somebody says that another office has registered theirs."""

from typing import ClassVar

from django.db import models

from core.common.models import UUIDModel


class DisputeState(models.TextChoices):
    """What has become of a dispute."""

    OPEN = "open", "Waiting"
    REJECTED = "rejected", "Rejected"
    UPHELD = "upheld", "Upheld"


class Dispute(UUIDModel):
    """What somebody typed on the page for disputes; staff find out whether there is anything to it.

    The facts are sealed for this row (`contracts.disputes.facts`): anybody may type anything, also
    about others. `identifier_digest` finds the disputes over one identifier. `provider_id` is what
    a decision released, `first_provider_id` what the first of two people wants to. The row goes
    some time after it is over (`services.disputes`).
    """

    reference = models.CharField(max_length=12, unique=True)
    contract = models.ForeignKey("tenants.Contract", on_delete=models.PROTECT, related_name="+")
    sealed_facts = models.BinaryField(max_length=12_000)
    identifier_digest = models.BinaryField(max_length=32)
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=DisputeState, default=DisputeState.OPEN)
    needs_second = models.BooleanField(default=False)
    first_by = models.UUIDField(null=True)
    first_at = models.DateTimeField(null=True)
    first_reason = models.CharField(max_length=300, blank=True)
    first_provider_id = models.UUIDField(null=True)
    first_moved_to = models.UUIDField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    provider_id = models.UUIDField(null=True)
    moved_to = models.UUIDField(null=True)
    """The group that an upheld dispute moved the provider to; empty where it was released."""
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state__in=DisputeState.values), name="dispute_state_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state=DisputeState.OPEN,
                    decided_by__isnull=True,
                    decided_at__isnull=True,
                    reason="",
                )
                | (
                    ~models.Q(state=DisputeState.OPEN)
                    & models.Q(decided_by__isnull=False, decided_at__isnull=False)
                    & ~models.Q(reason="")
                ),
                name="dispute_is_decided_by_somebody_with_a_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(state=DisputeState.UPHELD, provider_id__isnull=False)
                | (~models.Q(state=DisputeState.UPHELD) & models.Q(provider_id__isnull=True)),
                name="dispute_upheld_names_what_it_released",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    first_by__isnull=True, first_at__isnull=True, first_provider_id__isnull=True
                )
                | models.Q(
                    first_by__isnull=False, first_at__isnull=False, first_provider_id__isnull=False
                ),
                name="dispute_first_is_whole",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=DisputeState.UPHELD)
                | models.Q(needs_second=False)
                | models.Q(first_by__isnull=False),
                name="dispute_by_two_where_two_are_needed",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=DisputeState.UPHELD)
                | models.Q(first_by__isnull=True)
                | ~models.Q(first_by=models.F("decided_by")),
                name="dispute_second_is_another_person",
            ),
            models.CheckConstraint(
                condition=models.Q(moved_to__isnull=True) | models.Q(state=DisputeState.UPHELD),
                name="dispute_moves_when_upheld",
            ),
            models.CheckConstraint(
                condition=models.Q(first_moved_to__isnull=True) | models.Q(first_by__isnull=False),
                name="dispute_first_moves_by_somebody",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=DisputeState.UPHELD)
                | models.Q(first_by__isnull=True)
                | models.Q(
                    moved_to__isnull=False,
                    first_moved_to__isnull=False,
                    moved_to=models.F("first_moved_to"),
                )
                | models.Q(moved_to__isnull=True, first_moved_to__isnull=True),
                name="dispute_moves_where_the_first_said",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["asked_at"],
                condition=models.Q(state=DisputeState.OPEN),
                name="dispute_that_waits",
            ),
            models.Index(
                fields=["identifier_digest"],
                condition=models.Q(state=DisputeState.OPEN),
                name="open_dispute_over_identifier",
            ),
        ]

    def __str__(self) -> str:
        return f"dispute {self.reference}"
