"""Logging: one line a thing, with the request's id; JSON where machines read it."""

import logging
import re
from typing import Any

from core.common.context import current_context

# 32 random bytes as they stand in an address (core/common/tokens.py), wherever they stand in it.
# One of the API has `ppt_` before them, and stands where somebody put it by mistake.
_TOKEN = re.compile(r"(?:(?<=/)|ppt_)[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])")


class LinkTokenFilter(logging.Filter):
    """Takes tokens out of a record: of a mailed link, whichever page it leads to, and of the API.

    Django logs the path of what it refuses (a wrong method, a form without its cookie), and then
    the link is not used yet: whoever reads the log could be faster than its owner.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the message where it has a token, and let the record pass."""
        # Django's records carry the request itself, whose text is its path.
        record.__dict__.pop("request", None)
        text = record.getMessage()
        if _TOKEN.search(text):
            record.msg, record.args = _TOKEN.sub("…", text), None
        return True


class RequestIdFilter(logging.Filter):
    """Puts the id of the request or task in hand on every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add `request_id` and let the record pass."""
        record.request_id = current_context().request_id or "-"
        return True


def _logging(formatter: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "request_id": {"()": RequestIdFilter},
            "link_token": {"()": LinkTokenFilter},
        },
        "formatters": {"line": formatter},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["request_id", "link_token"],
            }
        },
        "root": {"handlers": ["stderr"], "level": "INFO"},
    }


def json_logs() -> dict[str, Any]:
    """Return logging settings that write one JSON object a line."""
    return _logging(
        {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s",
        }
    )


def readable_logs() -> dict[str, Any]:
    """Return logging settings for a person at a terminal."""
    return _logging({"format": "%(asctime)s %(levelname)s %(request_id)s %(name)s: %(message)s"})
