"""What was answered to a write, so that sending it again does nothing twice."""

from typing import ClassVar

from django.db import models

from core.common.models import UUIDModel


class KeptAnswer(UUIDModel):
    """The answer to a write with an Idempotency-Key, kept for a day (`contracts.api.once`).

    Written in the transaction of the act: either both are there or neither. `request_digest` is of
    method, address, precondition and body. The body is sealed, because codes may stand in it.
    """

    user = models.ForeignKey("core_accounts.User", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=255)
    request_digest = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    sealed_body = models.BinaryField(default=b"", max_length=8_000_000)
    made_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "key"], name="api_answer_once_per_key"),
        ]

    def __str__(self) -> str:
        return f"{self.status} for {self.key}"
