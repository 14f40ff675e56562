"""A WSGI application that says what the server made of a request."""

import json
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse


def application(environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
    """Answer with the request's environment as JSON, and how many processes there are."""
    start_response("200 OK", [("Content-Type", "application/json")])
    said = {name: str(value) for name, value in environ.items()}
    said["processes"] = os.environ.get("WEB_CONCURRENCY", "not told")
    return [json.dumps(said).encode()]
