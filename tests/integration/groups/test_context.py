"""Change Context: choosing, what the head shows, and a choice that is the person's no more."""

import re
from unittest import mock

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.accounts.models import User
from core.common.ids import uuid7
from core.groups.models import Membership, Provider, Role
from core.groups.services.memberships import grant_provider_role
from tenants import registry
from tenants.context import ActiveContract
from tests.support.naive import fails_with
from tests.support.people import (
    START,
    accept_present_terms,
    make_person,
    make_provider,
)
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
MANY = 2000


@pytest.fixture
def dana() -> User:
    return make_person()


@pytest.fixture
def elm(dana: User, contract_a: ActiveContract) -> Provider:
    return make_provider(dana, contract_a)


@pytest.fixture
def oak(dana: User, elm: Provider, contract_c: ActiveContract) -> Provider:
    return make_provider(dana, contract_c, identifier="1000000012", name="Oak Clinic")


@pytest.fixture
def hers(client: Client, dana: User, elm: Provider) -> Client:
    sign_in_directly(client, dana)
    return client


def head(client: Client, path: str) -> str:
    """Return what the head of a page says about provider and program."""
    html = client.get(path).content.decode()
    found = re.search(r'class="context__now">(.*?)</p>', html, re.DOTALL)
    return re.sub(r"<[^>]+>|\s+", " ", found.group(1)).replace(" ,", ",").strip() if found else ""


def choose(client: Client, provider: Provider, *, prefix: str = "") -> str:
    answer = client.post(f"{prefix}/context/{provider.id}/")
    return str(answer.headers.get("Location", answer.status_code))


def test_who_has_one_provider_is_in_it_everywhere(hers: Client, elm: Provider) -> None:
    for path in ("/home/", "/setup/", "/wv-bh/home/", "/account/", "/mfa-help/"):
        assert head(hers, path) == "Elm Clinic, West Virginia Behavioral Health", path


def test_choosing_leads_to_the_providers_page_in_its_contract(
    hers: Client, elm: Provider, oak: Provider, contract_c: ActiveContract
) -> None:
    assert head(hers, "/home/") == "All your programs: no provider chosen"
    page = hers.get("/context/").content.decode()
    assert "Elm Clinic" in page
    assert "Oak Clinic" in page
    assert "2 providers" in page
    target = choose(hers, oak)
    assert target == f"/{contract_c.slug}/providers/{oak.id}/"
    html = hers.get(target).content.decode()
    for said in ("Oak Clinic", "1000000012", "Provider Group Admin", contract_c.name):
        assert said in html
    assert head(hers, "/home/") == f"Oak Clinic, {contract_c.name}"
    # On another program's pages the choice of that program counts, here its only provider
    assert head(hers, "/wv-bh/home/").startswith("Elm Clinic")


def test_two_tabs_in_two_contracts_each_keep_their_provider(
    hers: Client, elm: Provider, oak: Provider, contract_c: ActiveContract
) -> None:
    choose(hers, oak)
    choose(hers, elm)
    assert head(hers, f"/{contract_c.slug}/setup/").startswith("Oak Clinic")
    assert head(hers, "/wv-bh/setup/").startswith("Elm Clinic")
    # A page about a provider shows that one, whatever was chosen last
    assert head(hers, f"/{contract_c.slug}/providers/{oak.id}/").startswith("Oak Clinic")


def test_the_list_is_searched_with_and_without_script(
    hers: Client, elm: Provider, oak: Provider, contract_c: ActiveContract
) -> None:
    for words in ("oak", "1000000012", contract_c.name.split()[0]):
        page = hers.get("/context/", {"q": words}).content.decode()
        assert "Oak Clinic" in page, words
        assert page.count("choices__name") == 1, words
    part = hers.get("/context/", {"q": "1234", "part": ""}).content.decode()
    assert "<html" not in part
    assert "Oak Clinic" not in part
    assert "1 provider" in part
    assert "No provider fits" in hers.get("/context/?q=nothing").content.decode()


def test_a_choice_that_is_lost_falls_away_with_the_next_request_and_says_so(
    hers: Client, elm: Provider, oak: Provider
) -> None:
    choose(hers, oak)
    lee = make_person("lee", phone="+13045550143")
    theirs = Client()
    for provider in (elm, oak):
        grant_provider_role(user=lee, provider=provider, role=Role.STAFF, by=None, at=START)
    accept_present_terms(lee, _contract(elm))
    accept_present_terms(lee, _contract(oak))
    sign_in_directly(theirs, lee)
    target = choose(theirs, oak)
    Membership.objects.filter(user=lee, provider=oak).update(until=START)
    html = theirs.get("/setup/administrators/").content.decode()
    assert "You no longer work for the provider that you had chosen" in html
    assert "Oak Clinic" not in html
    assert "no longer work" not in theirs.get("/home/").content.decode()
    assert theirs.get(target).status_code == 404
    assert choose(theirs, oak) == "404"
    assert head(theirs, "/home/").startswith("Elm Clinic")


def test_what_is_somebody_elses_does_not_exist(
    hers: Client, elm: Provider, contract_a: ActiveContract
) -> None:
    foreign = make_provider(
        make_person("other"), contract_a, identifier="1000000020", name="Ash Clinic"
    )
    for provider in (foreign.id, uuid7()):
        assert hers.post(f"/context/{provider}/").status_code == 404
        assert hers.get(f"/wv-bh/providers/{provider}/").status_code == 404
    assert "Ash" not in hers.get("/context/?q=ash").content.decode()
    assert "portal_context" not in hers.session


def test_a_providers_page_stands_in_its_own_contract_alone(
    hers: Client, oak: Provider, contract_c: ActiveContract
) -> None:
    assert hers.get(f"/wv-bh/providers/{oak.id}/").status_code == 404
    assert choose(hers, oak, prefix="/wv-bh") == "404"
    answer = hers.get(f"/providers/{oak.id}/")
    assert answer.headers["Location"] == f"/{contract_c.slug}/providers/{oak.id}/"
    shown = hers.get("/wv-bh/context/").content.decode()
    assert "Oak Clinic" not in shown
    assert "1 more program" in shown


def test_two_thousand_providers_take_no_more_statements_than_two(
    hers: Client, elm: Provider, oak: Provider
) -> None:
    hers.get("/context/?q=oak")

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert "Oak Clinic" in hers.get("/context/?q=oak+clin&part").content.decode()
        return len(captured)

    few = statements()
    fields = {
        field.attname: getattr(elm, field.attname)
        for field in Provider._meta.concrete_fields
        if field.attname not in {"id", "name", "unit_key"}
    }
    Provider.objects.bulk_create(
        Provider(id=uuid7(), name=f"Site {place}", unit_key=f"site-{place}", **fields)
        for place in range(MANY)
    )
    assert statements() == few <= 8
    assert "2002 providers" in hers.get("/context/").content.decode()


def _contract(provider: Provider) -> ActiveContract:

    return registry.get_contract_by_id(provider.contract_id)


def test_a_choice_that_is_believed_would_not_fall_away(
    hers: Client, elm: Provider, oak: Provider
) -> None:
    """The naive way: what stands in the session was checked when it was chosen."""
    fails_with(
        "core.groups.context._CHOSEN",
        mock.Mock(first=lambda *, user_id, provider_id: Provider.objects.get(pk=provider_id)),
        lambda: test_a_choice_that_is_lost_falls_away_with_the_next_request_and_says_so(
            hers, elm, oak
        ),
        where='assert "You no longer work for the provider that you had chosen" in html',
    )
