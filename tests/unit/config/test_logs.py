"""Logs: the token of a mailed link stands in none."""

import io
import json
import logging
import logging.config
import re
from functools import partial
from typing import Any

import pytest
from django.test import RequestFactory
from django.urls import reverse

from config.settings.logs import json_logs, readable_logs
from core.common.tokens import new_token
from core.groups.models import WeeklyMail
from core.groups.services.weekly import link_token
from core.staff.services.api_tokens import PREFIX
from tests.architecture.test_url_roles import names
from tests.support.naive import fails_with


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


LINKS = {name: values for name, values in sorted(names().items()) if "token" in values}
"""By the name of the address: what else stands in it."""


@pytest.mark.parametrize("settings", [readable_logs(), json_logs()], ids=["readable", "json"])
@pytest.mark.parametrize("link", LINKS)
def test_what_django_refuses_does_not_tell_the_token(link: str, settings: dict[str, Any]) -> None:
    token = link_token(WeeklyMail()) if "weekly" in link else new_token("a purpose").token
    more = dict.fromkeys(LINKS[link], "more")
    path = "/wv-bh" + reverse(link, kwargs={**more, "token": token})
    request = RequestFactory().put(path)
    line = written(
        settings, logging.WARNING, "Method Not Allowed (%s): %s", "PUT", path, request=request
    )
    assert token not in line
    assert path.partition(token)[0] in line
    assert "Method Not Allowed (PUT)" in line


@pytest.mark.parametrize("before", ["/api/v1/contracts/", "/api/v1/token/?key=", ""])
def test_a_token_of_the_api_that_somebody_sent_in_the_wrong_place_is_in_no_log(
    before: str,
) -> None:
    token = PREFIX + new_token("a purpose").token
    line = written(json_logs(), logging.WARNING, "Not Found: %s", f"{before}{token}/")
    assert token[8:] not in line
    assert f"Not Found: {before}" in line


def test_a_filter_for_the_link_that_there_was_would_tell_those_of_others() -> None:
    """The naive way: the address in which tokens stand is known, until there is another."""
    assert len(LINKS) > 1
    naive = re.compile(r"(?<=/register/link/)[^/\s]+")
    for link in set(LINKS) - {"registration:link"}:
        fails_with(
            "config.settings.logs._TOKEN",
            naive,
            partial(test_what_django_refuses_does_not_tell_the_token, link, json_logs()),
            where="assert token not in line",
        )


def test_other_lines_stay_as_they_are() -> None:
    line = written(json_logs(), logging.INFO, "%s of %d", "one", 2)
    assert json.loads(line)["message"] == "one of 2"
