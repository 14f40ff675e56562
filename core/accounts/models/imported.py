"""What is known of an account that came from an earlier portal."""

from typing import ClassVar

from django.db import models

from core.accounts.models.accounts import User
from core.common.models import UUIDModel


class ImportedAccount(UUIDModel):
    """That an account came from an earlier portal, and the hash of the password it had there.

    The hash serves the first login alone, and is gone as soon as the account has a password of
    this portal; the account itself has none until then. `family` says how much work it is to
    compare (core.accounts.passwords.imported_hashes). `email_digest`, keyed, is that of the address
    in the file: whether a later file means the same person, whatever address they have by then.
    """

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="imported")
    email_digest = models.BinaryField(max_length=32)
    key_version = models.PositiveSmallIntegerField()
    family = models.CharField(max_length=120, blank=True)
    encoded = models.CharField(max_length=256, blank=True)
    imported_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["family", "id"],
                condition=~models.Q(encoded=""),
                name="imported_account_by_family",
            )
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(encoded="", family="")
                | (~models.Q(encoded="") & ~models.Q(family="")),
                name="imported_account_hash_has_a_family",
            )
        ]

    def __str__(self) -> str:
        return f"import of {self.user_id}"
