"""The shared index by which the portal host finds contract and roster entry."""

from typing import ClassVar

from django.db import models

from core.common.models import UUIDModel
from tenants.models import Contract


class Fingerprint(UUIDModel):
    """One pair of identifier and code that a contract's rule accepts for one roster entry.

    Holds nothing readable. `entry_id` names a row of the contract's schema without a database
    constraint; the whole table can be made again from the contracts' rosters.
    """

    application_may: ClassVar = ("SELECT", "INSERT", "DELETE")

    contract = models.ForeignKey(Contract, on_delete=models.CASCADE, related_name="+")
    entry_id = models.UUIDField()
    key_version = models.PositiveSmallIntegerField()
    digest = models.BinaryField(max_length=32)

    class Meta:
        constraints: ClassVar = [
            # The digest leads: a look-up is one probe of this index.
            models.UniqueConstraint(
                fields=["digest", "contract", "entry_id"], name="fingerprint_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.entry_id}"


class IndexedRule(UUIDModel):
    """By which rule a contract's fingerprints were made: stale once another one is in force.

    Written in the transaction of the fingerprints; `digest` is that of the rule.
    """

    application_may: ClassVar = ("SELECT", "INSERT", "UPDATE")

    contract = models.OneToOneField(Contract, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.contract_id} {self.digest[:12]}"
