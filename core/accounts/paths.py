"""Addresses that a person may be sent on to: our own paths, nothing else."""

from typing import Final

from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

STAFF_PAGES: Final = "/staff/"
_LONGEST = 500


def is_own_path(url: str) -> bool:
    """Tell whether a text is a path on this host, whatever a browser makes of odd spellings."""
    if len(url) > _LONGEST or not url.isprintable():
        return False
    if not url.startswith("/") or url.startswith(("//", "/\\")):
        return False
    return url_has_allowed_host_and_scheme(url, allowed_hosts=None)


def leads_to_staff_pages(url: str) -> bool:
    """Tell whether a path of ours is one of staff, who sign in by another button than others."""
    return is_own_path(url) and url.startswith(STAFF_PAGES)


def own_path_or(page: str, wanted: str) -> str:
    """Return where somebody wanted to go, if it is a path of ours, else the page of a name."""
    return wanted if is_own_path(wanted) else reverse(page)
