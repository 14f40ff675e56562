"""What people had typed when their session ran out."""

from datetime import timedelta
from typing import ClassVar, Final

from django.db import models

from core.accounts.models.accounts import User
from core.common.models import UUIDModel

TYPED_FORM_LIFE: Final = timedelta(minutes=30)
"""Own figure: a sign-in with a call and a forgotten password in between."""


LONGEST_PATH: Final = 500


class TypedForm(UUIDModel):
    """The fields of one form, sealed, until the same account signs in again on the same browser.

    The browser's session has the token, here is its digest. Never a password or a code.
    """

    account = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    token_digest = models.BinaryField(max_length=32, unique=True)
    path = models.CharField(max_length=LONGEST_PATH)
    sealed = models.BinaryField()
    kept_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("kept_at"))
                & models.Q(expires_at__lte=models.F("kept_at") + TYPED_FORM_LIFE),
                name="typed_form_lives_half_an_hour_at_most",
            )
        ]

    def __str__(self) -> str:
        return f"{self.path} of {self.account_id}"
