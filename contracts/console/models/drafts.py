"""Documents that somebody works on."""

from typing import ClassVar, Final

from django.db import models

from core.common.models import UUIDModel

DRAFT_ONCE: Final = "draft_once_per_author"
"""The constraint by the name that the database reports."""


class Draft(UUIDModel):
    """One author's draft of a contract's document; the contract may not exist yet.

    `document` holds JSON of the document's shape. It may be invalid: a draft is saved as one goes.
    `base_number` is the revision that it was made from, None for a new contract. `version` counts
    what was saved: whoever saves names the version that they saw.
    """

    slug = models.CharField(max_length=40)
    author = models.ForeignKey(
        "core_accounts.User", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    base_number = models.PositiveIntegerField(null=True)
    origin = models.CharField(max_length=60, blank=True)
    """Where it began: the name of a preset, `slug@revision` of a contract, or blank."""
    document = models.JSONField()
    note = models.CharField(max_length=300, blank=True)
    """What the author writes about it, and offers as the reason when it is published."""
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    saved_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["author", "slug"], name=DRAFT_ONCE)
        ]

    def __str__(self) -> str:
        return f"draft of {self.slug}"
