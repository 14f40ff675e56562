"""A WSGI application that says what the server made of a request."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse


def application(environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
    """Answer with the request's environment as JSON."""
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({name: str(value) for name, value in environ.items()}).encode()]
