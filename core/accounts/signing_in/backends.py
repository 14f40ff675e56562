"""How Django finds the account of a session."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.core.exceptions import ValidationError

from core.accounts.models import User

_in_hand: ContextVar[User | None] = ContextVar("account_in_hand", default=None)


@contextmanager
def account_in_hand(user: User | None) -> Iterator[None]:
    """Let the backend use an account that was read with its session, for a `with` block."""
    token = _in_hand.set(user)
    try:
        yield
    finally:
        _in_hand.reset(token)


class EmailBackend(BaseBackend):
    """Loads the account of a session and nothing more.

    It checks no passwords: sign-in goes through `services.sign_in`, which counts, locks and takes
    the same time for everybody. Any other caller of `authenticate()` gets nobody.
    """

    def get_user(self, user_id: Any) -> User | None:
        """Return the active account with this key; a deactivated one is out everywhere at once."""
        known = _in_hand.get()
        if known is not None and str(known.pk) == str(user_id):
            return known if known.is_active else None
        try:
            return User.objects.with_contracts().get(pk=user_id, is_active=True)
        except (User.DoesNotExist, ValidationError, ValueError):
            return None
