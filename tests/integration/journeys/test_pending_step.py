"""A later address typed, an old step sent again, two tabs, the back button: the pending step.

At each stop of each journey every other page of it is opened and posted to, and the pages of the
other journeys; nothing moves, and the journey goes on to its end as if nothing had been.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from core.accounts.models import User
from tests.integration.journeys.sites import Site
from tests.integration.journeys.stops import (
    COURSES,
    FIRST_LOGIN,
    NEW_PASSWORD_TWICE,
    Course,
    Stop,
    held_by_browser,
    standing,
)
from tests.support.naive import fails_with
from tests.support.people import session_account

pytestmark = pytest.mark.django_db
# Nothing but the journey's own answers: what these forms would do on the page that they are of.
FILLED_IN = {
    **NEW_PASSWORD_TWICE,
    "method": "email",
    "channel": "sms",
    "country": "1",
    "phone": "3045550188",
    "accepted": "on",
}
FORMS = ({"action": "continue", **FILLED_IN}, {"action": "verify", "code": "123456", **FILLED_IN})
# The beginnings, too: what is posted there names nobody.
NO_FORM_HERE = 405
BEGINNINGS = ("/", "/login/phone/", "/first-login/", "/forgot-password/", "/confirm/", "/step-up/")
ELSEWHERE = sorted({*BEGINNINGS, *(page for course in COURSES for page in course.pages)})


def walked(course: Course, site: Site, user: User) -> Iterator[Stop]:
    """Go along a journey; gives each stop after it was reached."""
    for stop in course.stops:
        stop.reach(site, user)
        yield stop
    assert session_account(site.client) == user.id


def end_of(site: Site, response: Any) -> str:
    """Follow an answer to the page that it leads to; returns its path without the prefix."""
    path = ""
    for _ in range(4):
        if response.status_code != 302:
            break
        path = site.led_to(response)
        response = site.get(path)
    assert response.status_code == 200, (path, response.status_code)
    return path


def test_later_and_earlier_pages_lead_to_the_pending_step(
    course: Course, site: Site, user: User
) -> None:
    for stop in walked(course, site, user):
        if not stop.pending:
            continue
        before = standing(site)
        for page in course.pages:
            if page == stop.pending:
                continue
            if page in stop.open_too:
                assert site.get(page).status_code == 200, (stop.name, page)
                continue
            for answer in (site.get(page), *(site.post(page, **form) for form in FORMS)):
                if answer.status_code != NO_FORM_HERE:
                    assert end_of(site, answer) == stop.leads_to, (stop.name, page)
        assert standing(site) == before, stop.name


def test_a_page_of_another_journey_neither_skips_nor_loses_a_step(
    course: Course, site: Site, user: User
) -> None:
    for stop in walked(course, site, user):
        before = standing(site)
        shown: list[object] = []  # what the browser held when the pending page opened
        for page in ELSEWHERE:
            if page in {*course.pages, *stop.open_too, stop.pending}:
                continue
            site.get(page)
            if stop.pending:
                site.post(page, action="continue", method="email", accepted="on")
            assert standing(site) == before, (stop.name, page)
            # With the same rows and the same browser it is the same request.
            if stop.pending and (held := held_by_browser(site)) not in shown:
                assert site.get(stop.pending).status_code == 200, (stop.name, page)
                shown.append(held)


@pytest.mark.parametrize("course", [FIRST_LOGIN])
def test_pages_that_open_for_whoever_knows_their_address_would_skip_a_step(
    course: Course, site: Site, user: User
) -> None:
    """The naive way: each page leads to the next, and nobody asks whence one came."""
    fails_with(
        "core.mfa.views.registration_pages.may_visit",
        lambda _registration, _step: True,
        lambda: test_later_and_earlier_pages_lead_to_the_pending_step(course, site, user),
        where="assert end_of(site, answer) == stop.leads_to",
    )
