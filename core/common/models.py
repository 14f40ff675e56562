"""Base models."""

from django.db import models

from core.common.ids import uuid7


class UUIDModel(models.Model):
    """A row whose key may leave the server: time-ordered and not to be guessed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        abstract = True
