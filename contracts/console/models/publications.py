"""Documents that wait to be published."""

from typing import ClassVar, Final

from django.db import models

from contracts.console.publications.states import OPEN, PublicationState
from core.common.models import UUIDModel

PUBLICATION_ONCE: Final = "publication_open_once_per_author"
"""The constraint by the name that the database reports."""


class PlannedPublication(UUIDModel):
    """A document that its author wants published: once approved, at its time, by a worker.

    The document never changes: what is approved is exactly this text on exactly this base. The
    contract may not exist yet. `outcome` says to people why it was not published.
    """

    slug = models.CharField(max_length=40, db_index=True)
    author = models.ForeignKey("core_accounts.User", on_delete=models.PROTECT, related_name="+")
    asked_by_token = models.UUIDField(null=True)
    """The token of the API by which a program asked for it."""
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    base_number = models.PositiveIntegerField(null=True)
    note = models.CharField(max_length=300)
    state = models.CharField(max_length=10, choices=PublicationState)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    """Until when somebody can approve it."""
    due_at = models.DateTimeField()
    """From when on it is published, once approved."""
    approved_by = models.UUIDField(null=True)
    decided_by = models.UUIDField(null=True)
    """Who approved, declined or withdrew it last."""
    reason = models.CharField(max_length=300, blank=True)
    begun_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    revision_number = models.PositiveIntegerField(null=True)
    outcome = models.TextField(blank=True, max_length=4000)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["author", "slug"],
                condition=models.Q(state__in=OPEN),
                name=PUBLICATION_ONCE,
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=PublicationState.values),
                name="publication_state_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by__isnull=True)
                | ~models.Q(approved_by=models.F("author")),
                name="publication_approved_by_another",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=OPEN, ended_at__isnull=True)
                | (~models.Q(state__in=OPEN) & models.Q(ended_at__isnull=False)),
                name="publication_end_has_a_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=PublicationState.PUBLISHED)
                | models.Q(revision_number__isnull=False),
                name="publication_published_has_a_revision",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=OPEN),
                name="publication_to_carry_out",
            )
        ]

    def __str__(self) -> str:
        return f"publication of {self.slug}, {self.state}"

    @property
    def is_open(self) -> bool:
        """Tell whether something can still come of it."""
        return self.state in OPEN
