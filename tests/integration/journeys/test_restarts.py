"""Between any two steps the web process starts anew and Redis is emptied: nothing is lost.

What a journey knows lies in the database; of the browser nothing is used but its cookies. The real
web process, worker, broker, cache and database are killed on the way in
tests/integration/run/test_portal.py.
"""

from datetime import datetime

import pytest
from django.core.cache import cache
from django.test import Client

from core.accounts import policies
from core.accounts.models import User
from core.common import clock
from core.common.ids import uuid7
from core.mfa.codes import CodeRules, Owner, OwnerKind
from core.mfa.models import Challenge
from core.mfa.services.challenges.attempts import closed_until
from tenants import registry
from tests.integration.journeys.sites import Site
from tests.integration.journeys.stops import Course, standing
from tests.integration.mfa.helpers import other_code
from tests.support.naive import fails_with
from tests.support.people import PASSWORD, PHONE, last_code, make_person, session_account

pytestmark = pytest.mark.django_db
COUNT = "core.mfa.services.challenges.attempts.count_try_of"
ONE_TRY = CodeRules(life_seconds=60, max_attempts=1, hold_minutes=None)


def start_anew(site: Site) -> None:
    """Empty what a process and Redis hold, and come with the browser's cookies alone."""
    cache.clear()
    registry.forget()
    policies._merged.cache_clear()
    cookies = site.client.cookies
    site.client = Client()
    for name, cookie in cookies.items():
        site.client.cookies[name] = cookie.value


def test_every_journey_goes_on(course: Course, site: Site, user: User) -> None:
    for stop in course.stops:
        stop.reach(site, user)
        before = standing(site)
        start_anew(site)
        assert standing(site) == before, stop.name
        assert not stop.pending or site.get(stop.pending).status_code == 200, stop.name
    assert session_account(site.client) == user.id


def failures_waits_and_tries_go_on() -> None:
    site, user = Site("wv-bh", on_own_host=False), make_person(f"dana{uuid7().hex[-6:]}")
    for tries in (1, 2):
        site.post("/login/phone/", email=user.email, password="wrong")
        start_anew(site)
        user.refresh_from_db()
        assert len(user.failed_at) == tries
    site.post("/login/phone/", email=user.email, password=PASSWORD)
    site.post("/login/verify/", action="send", channel="sms")
    wrong = other_code(last_code(PHONE))
    start_anew(site)
    again = site.post("/login/verify/", action="send", channel="sms")
    assert "We just sent a code" in again.content.decode()
    assert Challenge.objects.filter(owner_id=user.id).count() == 1
    site.post("/login/verify/", action="verify", code=wrong)
    start_anew(site)
    assert closed_until(Owner(OwnerKind.ACCOUNT, user.id), "sign_in", ONE_TRY, at=clock.now())[0]


def test_failures_waits_and_tries_go_on() -> None:
    failures_waits_and_tries_go_on()


def test_a_count_in_the_cache_would_be_lost() -> None:
    """The naive way: tries counted in Redis, where other counters live."""

    def naive(owner: Owner, purpose: str, *, most: int, at: datetime) -> int | None:
        key = f"tries:{owner.kind}:{owner.id}:{purpose}"
        cache.add(key, 0)
        return most - cache.incr(key)

    fails_with(COUNT, naive, failures_waits_and_tries_go_on, where="assert closed_until(")
