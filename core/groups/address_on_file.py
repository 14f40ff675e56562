"""The address on file of a provider: the roster's, which lies in the contract's own schema.

The app that owns rosters registers how it is read; nothing here knows rosters.
"""

from collections.abc import Callable

from core.groups.models import Provider

AddressFinder = Callable[[Provider], str]
_finders: list[AddressFinder] = []


def register_address_finder(find: AddressFinder) -> None:
    """Name what finds the e-mail address on file. Called in `ready()` of the roster's app."""
    _finders[:] = [find]


def address_on_file(provider: Provider) -> str:
    """Return the e-mail address on file of a provider, "" where there is none."""
    return _finders[0](provider) if _finders else ""
