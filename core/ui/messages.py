"""Where a message waits for the page that shows it: in a cookie that is bound to its host."""

from functools import cached_property
from typing import Any

from django.conf import settings
from django.contrib.messages.storage.base import BaseStorage
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage
from django.core.signing import Signer, get_cookie_signer


class HostCookieStorage(CookieStorage):
    """Django's own, under a name that no other host can set; Django's has no prefix.

    Its key is put together for a request that has a message, not for each.
    """

    def __init__(self, request: Any, *args: Any, **kwargs: Any) -> None:
        BaseStorage.__init__(self, request, *args, **kwargs)
        self.cookie_name = "__Host-messages" if settings.SESSION_COOKIE_SECURE else "messages"

    @cached_property
    def signer(self) -> Signer:
        """Return what seals the cookie and looks at the seal."""
        return get_cookie_signer(salt=self.key_salt)


class PortalMessages(FallbackStorage):
    """What is too long for the cookie waits in the session."""

    storage_classes = (HostCookieStorage, SessionStorage)
