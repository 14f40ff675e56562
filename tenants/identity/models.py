"""The row by which a contract's schema says whose it is."""

from typing import ClassVar

from django.db import models

from tenants.scoping import ContractModel


class SchemaIdentity(ContractModel):
    """The only row of its table. Written at provisioning; the application reads it, no more."""

    application_may: ClassVar = ("SELECT",)

    contract_id = models.UUIDField(unique=True)
    schema_name = models.CharField(max_length=63)
    only_row = models.BooleanField(default=True, unique=True)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta(ContractModel.Meta):
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(only_row=True), name="identity_only_row")
        ]

    def __str__(self) -> str:
        return self.schema_name
