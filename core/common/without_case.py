"""Compare text without case by the database's index of it in small letters."""

from django.db.models import Q
from django.db.models.functions import Lower
from django.db.models.lookups import Exact


def same_text(field: str, value: str) -> Q:
    """Return the condition that a value stands in a field, compared without case.

    In place of `__iexact`, which compares capitals: the unique indexes of usernames and addresses
    are over small letters, and every row would be read.
    """
    return Q(Exact(Lower(field), value.strip().lower()))
