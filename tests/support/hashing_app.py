"""A WSGI application whose /hash waits behind the gate of hashes, and whose other pages do not."""

import os
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.support.web_settings")

from core.accounts.passwords.hashers import HashingBusyError, hash_gate

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

SECONDS = 0.4


def application(environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
    """Hold a slot for as long as a slow hash takes; 503 when there is no place in the queue."""
    status = "200 OK"
    if environ["PATH_INFO"] == "/hash":
        try:
            with hash_gate.slot():
                time.sleep(SECONDS)
        except HashingBusyError:
            status = "503 Service Unavailable"
    start_response(status, [("Content-Type", "text/plain")])
    return [b""]
