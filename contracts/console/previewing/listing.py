"""The pages and mails that a preview has."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.urls import get_script_prefix, reverse

from contracts.console.previewing.mails import MAILS as KNOWN_MAILS
from contracts.console.previewing.samples import NOBODYS_KEY
from contracts.console.previewing.visits import MAILS, PAGES, Preview
from core.accounts.policies import offered_options

_OPTIONS: Final = {
    "phone": "Login with Phone",
    "email": "Login with Email",
    "totp": "Login with Authenticator app",
    "passkey": "Login with Passkey",
}
_REGISTRATION: Final = (
    ("registration:start", "Before you start, number and code"),
    ("registration:no_code", "I do not have a code"),
)
_JOURNEY: Final = (
    ("registration:provider", "The provider found"),
    ("registration:information", "User information"),
    ("registration:terms_accept", "Terms of use agreement"),
    ("registration:confirmation", "Confirm by e-mail"),
)
_HELP: Final = (("mfa_help", "Help and support contacts"), ("registration:terms", "Terms of use"))


@dataclass(frozen=True)
class ListedPage:
    """A page or mail of a preview; `path` is below the preview's own address."""

    title: str
    path: str


@dataclass(frozen=True)
class ListedGroup:
    """Pages that belong together."""

    title: str
    pages: tuple[ListedPage, ...]


def list_groups(preview: Preview) -> tuple[ListedGroup, ...]:
    """Return what a preview shows, in the order in which people meet it."""
    options = offered_options(preview.contract)
    ways = [(f"sign_in_{key}", label) for key, label in _OPTIONS.items() if getattr(options, key)]
    mails = (ListedPage(one.title, f"{MAILS}{kind}/") for kind, one in KNOWN_MAILS.items())
    return (
        ListedGroup("Sign-in", _pages([("login_options", "Login options"), *ways])),
        ListedGroup("Registration", _pages(_REGISTRATION) + _pages(_JOURNEY, of_journey=True)),
        ListedGroup("Mails of registration", tuple(mails)),
        ListedGroup("After sign-in", _pages([("home", "Home")])),
        ListedGroup("Help and terms", _pages(_HELP)),
    )


def _pages(named: Iterable[tuple[str, str]], *, of_journey: bool = False) -> tuple[ListedPage, ...]:
    keys = {"journey_id": NOBODYS_KEY} if of_journey else {}
    return tuple(ListedPage(title, _path(name, keys)) for name, title in named)


def _path(name: str, keys: Mapping[str, object]) -> str:
    return PAGES + reverse(name, kwargs=dict(keys)).removeprefix(get_script_prefix())
