"""What was shown is what is accepted, whatever is published in between."""

import re

import pytest

from contracts.registration.models import PendingRegistration, TermsAcceptance
from contracts.registration.terms import terms_digest
from core.groups.models import Provider
from tests.integration.registration.journeys import CLAIMS, Browser, Journey, acceptance, text_of
from tests.support.publishing import publish_terms

pytestmark = pytest.mark.django_db

_NEW_TEXT = "You agree to the second text."


def _shown_digest(page: str) -> str:
    found = re.search(r'name="terms_digest" value="([0-9a-f]{64})"', page)
    assert found, page
    return found.group(1)


def test_the_page_names_the_text_that_it_shows() -> None:
    walk = Journey("wv-bh").start().inform()
    page = walk.client.get(f"{walk.path}terms/").content.decode()
    assert _shown_digest(page) == acceptance("wv-bh")["terms_digest"]


def test_terms_published_after_the_page_was_opened_are_shown_before_they_are_accepted() -> None:
    walk = Journey("wv-bh").start().inform()
    former = acceptance("wv-bh")
    newer = publish_terms("wv-bh", version="2099-2", text=_NEW_TEXT)
    answer = walk.client.post(f"{walk.path}terms/", former)
    assert answer.status_code == 200
    assert "The terms of use have changed" in text_of(answer)
    assert _NEW_TEXT in text_of(answer)
    assert PendingRegistration.objects.count() == 0
    page = answer.content.decode()
    assert " checked" not in page
    again = {"accepted": "on", "terms_digest": _shown_digest(page)}
    assert walk.client.post(f"{walk.path}terms/", again).status_code == 302
    pending = PendingRegistration.objects.get()
    assert (pending.terms_version, pending.terms_sha256) == ("2099-2", terms_digest(newer))


def test_an_acceptance_that_names_no_text_is_none() -> None:
    walk = Journey("wv-bh").start().inform()
    answer = walk.client.post(f"{walk.path}terms/", {"accepted": "on"})
    assert answer.status_code == 200
    assert PendingRegistration.objects.count() == 0


@pytest.fixture
def signed_in() -> Browser:
    """Return the browser of somebody who registered and is signed in."""
    journey = Journey("wv-bh").start().inform().submit()
    journey.follow()
    journey.prove_email()
    return journey.client


@pytest.mark.parametrize("saw_the_former", [True, False])
def test_an_addition_asks_for_terms_published_meanwhile(
    signed_in: Browser, saw_the_former: bool
) -> None:
    """Where the terms had been accepted the page showed none; where not, the former text."""
    found = signed_in.post("/ms-um/providers/add/", CLAIMS["ms-um"])["Location"]
    sent = acceptance("ms-um") if saw_the_former else {}
    newer = publish_terms("ms-um", version="2099-2", text=_NEW_TEXT)
    answer = signed_in.post(found, sent)
    assert "The terms of use have changed" in text_of(answer)
    assert _NEW_TEXT in text_of(answer)
    assert not Provider.objects.filter(contract__slug="ms-um").exists()
    assert signed_in.post(found, acceptance("ms-um"))["Location"].endswith("/done/")
    kept = TermsAcceptance.objects.get(contract__slug="ms-um")
    assert (kept.version, kept.sha256) == ("2099-2", terms_digest(newer))
