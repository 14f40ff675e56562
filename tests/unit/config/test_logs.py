"""Logs: a registration link's token stands in none."""

import io
import json
import logging
import logging.config
from typing import Any

import pytest
from django.test import RequestFactory

from config.settings.logs import json_logs, readable_logs

TOKEN = "poNRZaOz0Ns85JTXws-aVIDnZWGI5jbYv4yVh3nR5U0"
PATH = f"/wv-bh/register/link/{TOKEN}/"


def written(settings: dict[str, Any], level: int, text: str, *args: object, **more: object) -> str:
    """Return what the settings' own handler writes for one record."""
    configurator = logging.config.DictConfigurator(settings)
    formatter = configurator.configure_formatter(settings["formatters"]["line"])
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    for name in settings["handlers"]["stderr"]["filters"]:
        handler.addFilter(settings["filters"][name]["()"]())
    record = logging.LogRecord("django.request", level, __file__, 1, text, args, None)
    record.__dict__.update(more)
    handler.handle(record)
    return stream.getvalue()


@pytest.mark.parametrize("settings", [readable_logs(), json_logs()], ids=["readable", "json"])
def test_what_django_refuses_does_not_tell_the_token(settings: dict[str, Any]) -> None:
    request = RequestFactory().put(PATH)
    line = written(
        settings, logging.WARNING, "Method Not Allowed (%s): %s", "PUT", PATH, request=request
    )
    assert TOKEN not in line
    assert "/wv-bh/register/link/" in line
    assert "Method Not Allowed (PUT)" in line


def test_other_lines_stay_as_they_are() -> None:
    line = written(json_logs(), logging.INFO, "%s of %d", "one", 2)
    assert json.loads(line)["message"] == "one of 2"
