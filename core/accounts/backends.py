"""How Django finds the account of a session."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.core.exceptions import ValidationError

from core.accounts.models import User


class EmailBackend(BaseBackend):
    """Loads the account of a session and nothing more.

    It checks no passwords: sign-in goes through `services.sign_in`, which counts, locks and takes
    the same time for everybody. Any other caller of `authenticate()` gets nobody.
    """

    def get_user(self, user_id: Any) -> User | None:
        """Return the active account with this key; a deactivated one is out everywhere at once."""
        try:
            return User.objects.with_contracts().get(pk=user_id, is_active=True)
        except (User.DoesNotExist, ValidationError, ValueError):
            return None
