"""Where a message waits for the page that shows it: in a cookie that is bound to its host."""

from typing import Any

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class HostCookieStorage(CookieStorage):
    """Django's own, under a name that no other host can set; Django's has no prefix."""

    def __init__(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.cookie_name = "__Host-messages" if settings.SESSION_COOKIE_SECURE else "messages"


class PortalMessages(FallbackStorage):
    """What is too long for the cookie waits in the session."""

    storage_classes = (HostCookieStorage, SessionStorage)
