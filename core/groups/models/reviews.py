"""Access review: since when, who confirmed whom, who was told what is due, and what waits."""

from typing import ClassVar

from django.db import models

from core.common.models import UUIDModel
from core.groups.models.providers import Membership


class ReviewStart(UUIDModel):
    """Since when a contract asks its admins to confirm roles.

    Roles that are older count as confirmed then, so that a contract that begins to ask does not
    find everybody overdue. The row goes when the contract stops asking.
    """

    contract = models.OneToOneField("tenants.Contract", on_delete=models.PROTECT, related_name="+")
    began_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"access review of {self.contract_id}"


class AccessConfirmation(UUIDModel):
    """That an admin confirmed a role, for the providers of one contract.

    `term_began_at` is the moment from which the days were counted that this confirmation ended: one
    term is confirmed once, however often the button is pressed. Rows never change.
    """

    application_may: ClassVar = ("SELECT", "INSERT")

    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="confirmations"
    )
    contract = models.ForeignKey("tenants.Contract", on_delete=models.PROTECT, related_name="+")
    term_began_at = models.DateTimeField()
    confirmed_at = models.DateTimeField()
    confirmed_by = models.UUIDField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["membership", "contract", "term_began_at"],
                name="access_confirmation_once_a_term",
            ),
            models.CheckConstraint(
                condition=models.Q(confirmed_at__gte=models.F("term_began_at")),
                name="access_confirmation_after_its_term_began",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["membership", "contract", "-confirmed_at"],
                name="access_confirmation_newest",
            )
        ]

    def __str__(self) -> str:
        return f"confirmation of {self.membership_id}"


class ReviewStage(models.TextChoices):
    """How far an unconfirmed role has come; in this order."""

    SOON = "soon", "Due soon"
    DUE = "due", "Due"
    LAST = "last", "About to end"


class ReviewNotice(UUIDModel):
    """That admins were told of a role that is to be confirmed, once for each stage of a term."""

    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="review_notices"
    )
    contract = models.ForeignKey("tenants.Contract", on_delete=models.PROTECT, related_name="+")
    term_began_at = models.DateTimeField()
    stage = models.CharField(max_length=4, choices=ReviewStage)
    told_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["membership", "contract", "term_began_at", "stage"],
                name="review_notice_once_a_stage",
            ),
            models.CheckConstraint(
                condition=models.Q(stage__in=ReviewStage.values),
                name="review_notice_stage_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stage}, {self.membership_id}"


class Settlement(models.TextChoices):
    """What an admin made of a suspended role."""

    GIVEN_BACK = "given_back", "Given back"
    LET_GO = "let_go", "Removed"


class SuspendedRole(UUIDModel):
    """That a role gives nothing because nobody confirmed it, until an admin confirms it after all.

    The membership has ended, like any other that ends, so that whatever reads rights finds none.
    This row alone remembers what it was; whoever confirms it gives the role anew.
    """

    membership = models.OneToOneField(
        Membership, on_delete=models.PROTECT, related_name="suspension"
    )
    contract = models.ForeignKey("tenants.Contract", on_delete=models.PROTECT, related_name="+")
    suspended_at = models.DateTimeField()
    settlement = models.CharField(max_length=10, choices=Settlement, blank=True)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.UUIDField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(settlement="", settled_at__isnull=True, settled_by__isnull=True)
                | models.Q(
                    settlement__in=Settlement.values,
                    settled_at__gte=models.F("suspended_at"),
                    settled_by__isnull=False,
                ),
                name="suspended_role_settlement_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"suspension of {self.membership_id}"
