"""Where a journey of this browser waits, for whoever types the address of a page behind its end."""

from django.http import HttpRequest
from django.urls import reverse

from core.accounts.access import register_entry_check, register_pending_step
from core.common import clock
from core.mfa.proving.stepping_up import bar_entry
from core.mfa.registering.journey import find_own_registration, pending_path
from core.mfa.registering.sources import SourceGoneError
from core.mfa.resets.journey import PAGES, find_own_reset
from core.mfa.services.registrations import describe


def register_at_the_door() -> None:
    """Tell the door of pages for signed-in people what leads elsewhere; called in `ready()`."""
    register_entry_check(bar_entry)
    register_pending_step(registration_step)
    register_pending_step(reset_step)


def registration_step(request: HttpRequest) -> str:
    """Return the path of the step that an MFA registration waits at; "" for none, or one gone."""
    registration = find_own_registration(request)
    if registration is None or registration.completed_at is not None:
        return ""
    try:
        describe(registration)
    except SourceGoneError:
        return ""
    return pending_path(registration)


def reset_step(request: HttpRequest) -> str:
    """Return the path of the step that a password reset waits at; "" for none, or one that is over.

    The same for an address that is nobody's.
    """
    run = find_own_reset(request, at=clock.now())
    return reverse(PAGES[run.step]) if run else ""
