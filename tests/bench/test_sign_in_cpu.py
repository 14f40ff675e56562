"""What a complete sign-in costs the web server's processor, besides the password hash."""

import statistics
from datetime import timedelta

import pytest
from django.db.models import F

from core.mfa.models import Challenge
from tenants import registry
from tests.support.form_browser import FormBrowser
from tests.support.people import PASSWORD, PHONE, last_code, make_person, make_provider
from tests.support.sign_in import VERIFY
from tests.support.timed_server import timed_server

ROUNDS = 40
WARM = 15
"""Threads open their connections, templates are read, texts are made: once for a process."""
AIM_MS = 60


@pytest.mark.django_db(transaction=True)
def test_a_complete_sign_in() -> None:
    """Sign in again and again at a real web server, by turns, and tell what its processes spent.

    Its hashes are the tests' own, which cost next to nothing. What a worker does to deliver the
    code is not counted, nor what PostgreSQL does. Other work on the machine makes the same sign-in
    dearer, by a half and more where neighbours share caches and cores: so it is the cheaper quarter
    that must meet the aim. The mean is what was spent, whatever for.
    """
    user = make_person()
    make_provider(user, registry.get_contract("wv-bh"))
    destinations = {"email": user.email, "phone": PHONE}
    costs: dict[str, list[float]] = {option: [] for option in destinations}
    with timed_server(processes=1, real_hashes=False) as server:
        for place in range(WARM + ROUNDS):
            for option in sorted(destinations, reverse=place % 2 == 1):
                before = server.cpu_seconds()
                _sign_in(FormBrowser(server.address), option, user.email, destinations[option])
                costs[option].append(1000 * (server.cpu_seconds() - before))
    for option, found in costs.items():
        cheaper, median, _ = statistics.quantiles(found[WARM:], n=4)
        print(
            f"\nsign-in by {option}: {cheaper:.1f} ms of the processor in the cheaper quarter,"
            f" median {median:.1f}, mean {statistics.mean(found[WARM:]):.1f}; the aim is {AIM_MS}"
        )
        assert cheaper <= AIM_MS


def _sign_in(browser: FormBrowser, option: str, email: str, to: str) -> None:
    Challenge.objects.update(requested_at=F("requested_at") - timedelta(days=2))
    browser.visit("/")
    browser.submit("/", {"option": option})
    browser.visit(f"/login/{option}/")
    browser.submit(f"/login/{option}/", {"email": email, "password": PASSWORD})
    browser.visit(VERIFY)
    browser.submit(VERIFY, {"action": "send", "channel": "sms"})
    browser.visit(VERIFY)
    browser.submit(VERIFY, {"action": "verify", "code": last_code(to)})
    if option == "email":
        browser.submit(VERIFY, {"action": "continue"})
    assert browser.visit("/home/").status_code == 200
