"""Links by which people without an account see a document before it is published."""

from datetime import timedelta
from typing import ClassVar, Final

from django.db import models
from django.db.models import F, Q

from core.common.models import UUIDModel

LONGEST_LIFE: Final = timedelta(days=7)
"""Own figure: a week is long enough to have somebody look, and the draft has moved on by then."""


class PreviewLink(UUIDModel):
    """Somebody may see a document for some hours, without an account (adr/0040).

    `document` is what was shown to whoever made the link: it never changes, so that both speak of
    the same. `of` says what it was taken from: `draft`, `publication-<key>` or `revision-<number>`.
    What opens the link stands in no table: its address carries a MAC over the key of this row. A
    link to a draft ends with the draft.
    """

    slug = models.CharField(max_length=40)
    of = models.CharField(max_length=60)
    draft = models.ForeignKey(
        "contracts_console.Draft", null=True, on_delete=models.CASCADE, related_name="+"
    )
    made_by = models.ForeignKey("core_accounts.User", on_delete=models.PROTECT, related_name="+")
    label = models.CharField(max_length=120)
    """What it was taken from, in words, for the head of its pages."""
    document = models.JSONField()
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    taken_back_at = models.DateTimeField(null=True)
    taken_back_by = models.UUIDField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("made_at"))
                & Q(expires_at__lte=F("made_at") + LONGEST_LIFE),
                name="preview_link_life_is_bounded",
            ),
            models.CheckConstraint(
                condition=Q(taken_back_at=None, taken_back_by=None)
                | Q(taken_back_at__isnull=False, taken_back_by__isnull=False),
                name="preview_link_taken_back_by_somebody",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["slug", "of"], name="preview_links_of")]

    def __str__(self) -> str:
        return f"preview of {self.slug}, {self.of}"
