"""The lists that say which passwords are common, and which are known from a breach.

Three of them: the twenty thousand that Django carries, in memory; the million that set-up fetches
(`core.accounts.passwords.assets`); and where the deployment names one, a list in the form of the
public Pwned Passwords (`docs/howto/block-breached-passwords.md`). The last two are files in which
is looked without loading them. No password leaves the process, and nothing is asked over a network.
"""

from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator

from core.accounts.passwords.hash_lists import HashList


def is_common(text: str) -> bool:
    """Tell whether a text, without case, is a common password."""
    fetched = common_list()
    return text in common_passwords() or (fetched is not None and text in fetched)


def was_breached(password: str) -> bool:
    """Tell whether a password is on the deployment's list, as it is or without case.

    Nothing else is made of it: a list of nearly a thousand million holds the words, too, from which
    good passwords are put together.
    """
    breached = breached_list()
    if breached is None:
        return False
    return password in breached or password.casefold() in breached


def common_list() -> HashList | None:
    """Return the list that set-up fetched; None where it was not run (a system check says so)."""
    path = Path(settings.PORTAL_COMMON_PASSWORDS)
    return _opened(path) if path.exists() else None


def breached_list() -> HashList | None:
    """Return the deployment's list; None where it names none. Raises HashListError."""
    name = settings.PORTAL_BREACHED_PASSWORDS
    return _opened(Path(name)) if name else None


@lru_cache(maxsize=1)
def common_passwords() -> frozenset[str]:
    """Return the twenty thousand most common passwords (the list that Django carries)."""
    return frozenset(password.casefold() for password in CommonPasswordValidator().passwords)


@lru_cache(maxsize=4)
def _opened(path: Path) -> HashList:
    """Return a list that stays open; a newer file in its place is taken with the next start."""
    return HashList(path)
