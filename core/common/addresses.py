"""Addresses of pages, found once for each beginning: looking one up takes as long as using it."""

from functools import lru_cache

from django.conf import settings
from django.urls import get_script_prefix, get_urlconf, reverse


def find_address(name: str, **parts: str) -> str:
    """Return the address of a page below the contract or host in hand. Raises NoReverseMatch.

    For pages that nearly every request names, with few values of `parts`.
    """
    table = get_urlconf() or settings.ROOT_URLCONF
    return _address(name, prefix=get_script_prefix(), table=table, parts=tuple(parts.items()))


@lru_cache(maxsize=4096)
def _address(name: str, *, prefix: str, table: str, parts: tuple[tuple[str, str], ...]) -> str:
    """Find an address; `prefix` is what it begins with, `table` says which addresses there are."""
    return reverse(name, kwargs=dict(parts))
