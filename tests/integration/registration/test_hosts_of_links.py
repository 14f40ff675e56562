"""Mailed links stay on the host where the registration was sent, of the configured hosts alone."""

from urllib.parse import urlsplit

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from contracts.registration.models import PendingRegistration
from core.notifications.models import LocalMessage
from tenants import registry
from tenants.models import Host
from tenants.routing import absolute_reverse
from tests.integration.registration.journeys import (
    CLAIMS,
    Browser,
    Journey,
    acceptance,
    person,
    text_of,
)
from tests.support.naive import fails_with

pytestmark = pytest.mark.django_db
_ADDRESS = "dana.reed@clinic.example.org"


def registered_on(host: str, slug: str, prefix: str) -> str:
    """Send a registration on a host; return the link that was mailed."""
    client = Browser()
    here = {"host": host}
    found = client.post(f"{prefix}/register/", CLAIMS[slug], headers=here)
    base = found["Location"].removesuffix("provider/")
    client.post(f"{base}information/", person(), headers=here)
    sent = client.post(f"{base}terms/", acceptance(slug), headers=here)
    assert sent["Location"] == f"{base}confirmation/", text_of(sent)
    return str(LocalMessage.objects.get(to=_ADDRESS).link)


@pytest.mark.parametrize(
    ("host", "slug", "prefix", "begins"),
    [
        ("localhost", "ms-um", "/ms-um", "http://localhost/ms-um/register/link/"),
        ("ms-um.localhost", "ms-um", "", "http://ms-um.localhost/register/link/"),
        ("localhost", "wv-bh", "/wv-bh", "http://localhost/wv-bh/register/link/"),
        ("wv-bh.localhost", "wv-bh", "", "http://wv-bh.localhost/register/link/"),
    ],
)
def test_the_link_is_on_the_host_where_the_registration_was_sent(
    host: str, slug: str, prefix: str, begins: str
) -> None:
    link = registered_on(host, slug, prefix)
    assert link.startswith(begins)
    page = Client().get(urlsplit(link).path, headers={"host": host})
    assert "Continue your registration" in text_of(page)


def test_a_host_that_is_configured_no_more_gives_way_to_the_usual_one() -> None:
    Journey("ms-um").start().inform().submit()
    PendingRegistration.objects.update(host="gone.example.org")
    Browser().post("/ms-um/register/reset/", {"username": "dreed"})
    newest = LocalMessage.objects.filter(to=_ADDRESS).latest("sent_at")
    assert newest.link.startswith("http://ms-um.localhost/register/link/")


@pytest.mark.parametrize(
    "host", ["evil.example", "wv-bh", "portal.kepro.com", "localhost@evil.example", "/evil"]
)
def test_no_other_host_gets_into_a_link(host: str) -> None:
    contract = registry.get_contract("ms-um")
    usual = absolute_reverse("home", contract=contract)
    assert absolute_reverse("home", contract=contract, host=host) == usual


def test_every_host_of_the_contract_and_of_the_portal_keeps_its_links(
    settings: Settings,
) -> None:
    settings.PORTAL_LOCAL_HOSTS = False
    contract = registry.get_contract("ms-um")
    own = [row.domain for row in Host.objects.filter(tenant__slug="ms-um", kind="alias")]
    for host in ["ms-um.providers.example", *own]:
        made = absolute_reverse("home", contract=contract, host=host)
        assert urlsplit(made)[1:3] == (host, "/home/")
    made = absolute_reverse("home", contract=contract, host="atrezzo.acentra.com")
    assert urlsplit(made)[1:3] == ("atrezzo.acentra.com", "/ms-um/home/")


def test_the_mail_to_an_account_leads_to_where_its_owner_registered_again() -> None:
    first = Journey("wv-bh").start().inform().submit()
    first.follow()
    first.prove_email()
    again = Journey("ms-um").start().inform(username="dreed-2").submit()
    mail = LocalMessage.objects.filter(to=_ADDRESS, subject__contains="already").get()
    assert mail.link.startswith("http://localhost/ms-um/providers/add/claim/")
    assert first.client.get(urlsplit(mail.link).path).status_code == 200, "signed in there already"
    pending = PendingRegistration.objects.get(state="submitted")
    assert str(pending.id) in mail.link
    assert again.path.startswith("/ms-um/")


@pytest.mark.parametrize("host", ["evil.example", "localhost@evil.example"])
def test_the_host_as_it_was_sent_would_get_into_a_link(host: str) -> None:
    """The naive way: a link leads to where the request came."""
    fails_with(
        "tenants.routing._base",
        lambda _contract, host: f"https://{host or 'ms-um.localhost'}",
        lambda: test_no_other_host_gets_into_a_link(host),
        where="assert absolute_reverse(",
    )


@pytest.mark.parametrize("header", ["X-Forwarded-Host", "Forwarded", "X-Host"])
def test_no_header_beside_the_host_names_one(header: str) -> None:
    client = Browser(headers={header: "host=evil.example" if header == "Forwarded" else "evil"})
    found = client.post("/wv-bh/register/", CLAIMS["wv-bh"])
    base = found["Location"].removesuffix("provider/")
    client.post(f"{base}information/", person())
    client.post(f"{base}terms/", acceptance("wv-bh"))
    assert LocalMessage.objects.get(to=_ADDRESS).link.startswith("http://localhost/wv-bh/")
