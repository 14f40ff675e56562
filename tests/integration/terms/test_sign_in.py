"""A newer version of the terms is asked for at the next sign-in, program by program."""

import re
from typing import Any

import pytest
from django.test import Client

from contracts.registration.models import TermsAcceptance
from contracts.registration.terms import terms_digest
from core.accounts.models import User
from core.audit.models import AuditEvent
from core.mfa.models import RememberedBrowser
from tenants.context import ActiveContract
from tests.integration.registration.journeys import Journey
from tests.support.people import (
    PASSWORD,
    last_code,
    make_person,
    make_provider,
    session_account,
)
from tests.support.publishing import publish_terms

pytestmark = pytest.mark.django_db
PAGE = "/login/terms/"
TEXT = "You agree to the second text."


def to_the_terms(client: Client, user: User, prefix: str = "", host: str = "testserver") -> Any:
    """Go through Login with Email up to what comes after the factor."""
    headers = {"host": host}
    client.post(
        f"{prefix}/login/email/", {"email": user.email, "password": PASSWORD}, headers=headers
    )
    verify = f"{prefix}/login/verify/"
    client.post(verify, {"action": "send"}, headers=headers)
    code = last_code(user.email)
    client.post(verify, {"action": "verify", "code": code}, headers=headers)
    return client.post(verify, {"action": "continue"}, headers=headers)


def hidden(page: str) -> dict[str, str]:
    """Return what the page sends unseen."""
    found = dict(re.findall(r'type="hidden" name="(program|terms_digest)" value="([^"]+)"', page))
    assert set(found) == {"program", "terms_digest"}
    return found


def accept(client: Client, prefix: str = "", **changes: str) -> Any:
    shown = hidden(client.get(prefix + PAGE).content.decode())
    return client.post(prefix + PAGE, {**shown, "accepted": "on", **changes})


@pytest.fixture
def person(contract_a: ActiveContract) -> User:
    user = make_person("dana")
    make_provider(user, contract_a)
    return user


def test_who_has_accepted_the_present_text_is_not_asked(client: Client, person: User) -> None:
    assert to_the_terms(client, person).headers["Location"] == "/home/"


def test_a_newer_version_is_shown_accepted_and_kept_before_home(
    client: Client, person: User, contract_a: ActiveContract
) -> None:
    newer = publish_terms("wv-bh", version="2099-2", text=TEXT)
    assert to_the_terms(client, person).headers["Location"] == PAGE
    assert session_account(client) is None
    page = client.get(PAGE).content.decode()
    assert TEXT in page
    assert contract_a.name in page
    assert "I have read and agree to these terms of use" in page
    assert client.get("/home/").status_code == 302
    assert accept(client).headers["Location"] == "/home/"
    assert session_account(client) == person.id
    kept = TermsAcceptance.objects.get(account=person, version="2099-2")
    assert kept.sha256 == terms_digest(newer)
    event = AuditEvent.objects.get(event_type="terms.accepted")
    assert event.contract_id == contract_a.id
    assert event.data == {"version": "2099-2", "sha256": terms_digest(newer)}
    again = Client()
    assert to_the_terms(again, person).headers["Location"] == "/home/"


def test_without_the_tick_nothing_is_accepted(client: Client, person: User) -> None:
    publish_terms("wv-bh", version="2099-2", text=TEXT)
    to_the_terms(client, person)
    response = accept(client, accepted="")
    assert "read the terms of use and tick" in response.content.decode()
    assert not TermsAcceptance.objects.filter(version="2099-2").exists()
    assert session_account(client) is None


def test_a_text_published_while_one_reads_is_shown_first(client: Client, person: User) -> None:
    publish_terms("wv-bh", version="2099-2", text=TEXT, days_ago=1)
    to_the_terms(client, person)
    shown = hidden(client.get(PAGE).content.decode())
    publish_terms("wv-bh", version="2099-3", text="You agree to the third text.")
    response = client.post(PAGE, {**shown, "accepted": "on"})
    page = response.content.decode()
    assert "The terms of use have changed" in page
    assert "third text" in page
    assert not TermsAcceptance.objects.filter(version__startswith="2099").exists()
    assert accept(client).headers["Location"] == "/home/"


def test_several_programs_have_one_page_each(
    client: Client, person: User, contract_c: ActiveContract
) -> None:
    make_provider(person, contract_c)
    for slug in ("wv-bh", "ms-um"):
        publish_terms(slug, version="2099-2", text=TEXT)
    to_the_terms(client, person)
    asked = []
    for _ in range(2):
        asked.append(hidden(client.get(PAGE).content.decode())["program"])
        response = accept(client)
    assert sorted(asked) == ["ms-um", "wv-bh"]
    assert response.headers["Location"] == "/home/"


def test_the_text_of_one_program_is_not_accepted_for_another(
    client: Client, person: User, contract_c: ActiveContract
) -> None:
    make_provider(person, contract_c)
    for slug in ("wv-bh", "ms-um"):
        publish_terms(slug, version="2099-2", text=TEXT)
    to_the_terms(client, person)
    first = hidden(client.get(PAGE).content.decode())["program"]
    other = {"wv-bh": "ms-um", "ms-um": "wv-bh"}[first]
    accept(client, program=other)
    assert not TermsAcceptance.objects.filter(version="2099-2").exists()


def test_a_contracts_own_host_asks_for_its_own_terms_alone(
    client: Client, person: User, contract_c: ActiveContract
) -> None:
    make_provider(person, contract_c)
    publish_terms("wv-bh", version="2099-2", text=TEXT)
    host = f"{contract_c.slug}.localhost"
    response = to_the_terms(client, person, host=host)
    assert response.headers["Location"] == "/home/"


def test_declining_leads_out_with_the_programs_contact_and_loses_nothing(
    client: Client, person: User, contract_a: ActiveContract
) -> None:
    publish_terms("wv-bh", version="2099-2", text=TEXT)
    to_the_terms(client, person)
    page = client.post(PAGE, {"decline": "1"}).content.decode()
    assert "did not accept" in page
    contact = contract_a.document.support[0]
    assert str(contact.phone or contact.email) in page
    assert client.get(PAGE).headers["Location"] == "/"
    assert session_account(client) is None
    assert AuditEvent.objects.filter(event_type="terms.declined", actor_id=person.id).exists()
    to_the_terms(client, person)
    assert accept(client).headers["Location"] == "/home/"


def test_typing_the_address_of_home_or_of_the_page_skips_nothing(
    client: Client, person: User
) -> None:
    assert client.get(PAGE).headers["Location"] == "/"
    publish_terms("wv-bh", version="2099-2", text=TEXT)
    client.post("/login/email/", {"email": person.email, "password": PASSWORD})
    assert client.get(PAGE).headers["Location"] == "/login/verify/"
    assert client.post(PAGE, {"accepted": "on"}).headers["Location"] == "/login/verify/"
    assert session_account(client) is None


def test_a_change_of_the_account_meanwhile_ends_the_sign_in(client: Client, person: User) -> None:
    publish_terms("wv-bh", version="2099-2", text=TEXT)
    to_the_terms(client, person)
    User.objects.filter(pk=person.pk).update(security_epoch=person.security_epoch + 1)
    assert client.get(PAGE).headers["Location"] == "/"


def test_a_remembered_browser_is_asked_too_and_is_remembered_after_the_terms(
    client: Client, person: User
) -> None:
    publish_terms("wv-bh", version="2099-2", text=TEXT, days_ago=1)
    client.post("/", {"option": "email", "remember": "on"})
    client.post("/login/email/?remember=on", {"email": person.email, "password": PASSWORD})
    client.post("/login/verify/", {"action": "send"})
    client.post("/login/verify/", {"action": "verify", "code": last_code(person.email)})
    client.post("/login/verify/", {"action": "continue"})
    assert not RememberedBrowser.objects.exists()
    accept(client)
    assert RememberedBrowser.objects.count() == 1
    client.post("/logout/")
    publish_terms("wv-bh", version="2099-3", text="You agree to the third text.")
    response = client.post("/", {"option": "email", "remember": "on"})
    # The publication may have ended the memory; either way nobody comes in unasked.
    assert response.headers["Location"] in {PAGE, "/login/email/?remember=on"}
    assert session_account(client) is None


def test_a_registrant_is_not_asked_again() -> None:
    walk = Journey("wv-bh").start().inform().submit()
    walk.follow()
    walk.prove_email()
    assert TermsAcceptance.objects.count() == 1
    assert session_account(walk.client) is not None


def test_who_has_access_without_a_provider_is_not_asked(
    client: Client, contract_a: ActiveContract
) -> None:
    from core.accounts.services.accounts import grant_contract_access
    from tests.support.people import START

    user = make_person("sam")
    grant_contract_access(user_id=user.id, contract_id=contract_a.id, at=START)
    assert to_the_terms(client, user).headers["Location"] == "/home/"


def test_who_never_accepted_is_asked(client: Client, contract_a: ActiveContract) -> None:
    user = make_person("invited")
    make_provider(user, contract_a, accepted=False)
    assert to_the_terms(client, user).headers["Location"] == PAGE
    assert accept(client).headers["Location"] == "/home/"
