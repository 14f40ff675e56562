"""Home: whose, what role, which providers, which contracts."""

import dataclasses
from unittest import mock

import pytest
from django.test import Client

from core.accounts.models import User
from core.groups.home import build_home
from core.groups.models import Membership, Provider, Role
from tenants.context import ActiveContract
from tests.support.people import START, make_person, make_provider
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db


@pytest.fixture
def dana(contract_a: ActiveContract, contract_b: ActiveContract) -> User:
    user = make_person()
    make_provider(user, contract_a, name="Elm Clinic")
    make_provider(user, contract_b, name="Oak Hospital", identifier="1245319599")
    return user


def test_the_portal_host_shows_every_contract(client: Client, dana: User) -> None:
    sign_in_directly(client, dana)
    page = client.get("/home/").content.decode()
    for text in ("Dana Reed", "Elm Clinic", "Oak Hospital", "1234567893", "12 Elm Street"):
        assert text in page
    assert "Behavioral Health Clinic" in page
    assert "Register New Provider +" in page


def test_a_contract_shows_its_own_and_how_many_are_elsewhere(
    client: Client, dana: User, contract_a: ActiveContract
) -> None:
    sign_in_directly(client, dana)
    page = client.get(f"/{contract_a.slug}/home/").content.decode()
    assert "Elm Clinic" in page
    assert "Oak Hospital" not in page
    assert "1 other program" in page


def test_nobody_sees_anothers_providers(client: Client, dana: User) -> None:
    lee = make_person("lee", phone="+13045550143")
    sign_in_directly(client, lee)
    page = client.get("/home/").content.decode()
    assert "Elm Clinic" not in page
    assert "No provider here yet" in page


def test_staff_see_their_provider_with_their_role(
    client: Client, dana: User, contract_a: ActiveContract
) -> None:
    lee = make_person("lee", phone="+13045550143")
    provider = Provider.objects.get(name="Elm Clinic")
    Membership.objects.create(user=lee, provider=provider, role=Role.STAFF, since=START)
    sign_in_directly(client, lee)
    page = client.get("/home/").content.decode()
    assert "Elm Clinic" in page
    assert "Oak Hospital" not in page
    assert "Provider Staff Account" in page


def test_a_contract_that_does_not_accept_the_factor_leaves_its_data_out(
    dana: User, contract_a: ActiveContract
) -> None:
    seen = build_home(dana, contract=contract_a, used=("password", "email"), at=START)
    assert [len(part.cards) for part in seen.parts] == [1]
    unseen = build_home(dana, contract=contract_a, used=("password", "recovery"), at=START)
    assert [(part.satisfied, part.cards) for part in unseen.parts] == [(False, [])]
    assert (seen.roles, unseen.roles) == (("Provider Group Admin",), ())


def test_a_membership_that_ended_shows_nothing(client: Client, dana: User) -> None:
    Membership.objects.update(until=START)
    assert build_home(dana, contract=None, used=("sms",), at=START).parts == []


def test_a_number_is_called_what_it_is(dana: User, contract_a: ActiveContract) -> None:
    Provider.objects.filter(name="Elm Clinic").update(identifier_type="program_id")
    [part] = build_home(dana, contract=contract_a, used=("sms",), at=START).parts
    assert [card.identifier_label for card in part.cards] == [
        contract_a.document.vocabulary.number_name
    ]
    Provider.objects.filter(name="Elm Clinic").update(identifier_type="npi")
    [part] = build_home(dana, contract=contract_a, used=("sms",), at=START).parts
    assert [card.identifier_label for card in part.cards] == ["NPI"]


def test_a_program_names_the_roles_in_itself_alone(
    client: Client, contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    lee = make_person("lee")
    make_provider(lee, contract_a)
    sign_in_directly(client, lee)
    assert "Provider Group Admin" in client.get("/home/").content.decode()
    here = client.get(f"/{contract_a.slug}/home/").content.decode()
    assert "Provider Group Admin" in here
    elsewhere = client.get(f"/{contract_b.slug}/home/").content.decode()
    assert "No provider here yet" in elsewhere
    assert "Provider Group Admin" not in elsewhere


@pytest.mark.parametrize("host", ["testserver", "wv-bh.localhost"])
def test_who_has_none_here_is_told_where_they_have_and_may_register(
    client: Client, contract_a: ActiveContract, contract_b: ActiveContract, host: str
) -> None:
    lee = make_person("lee")
    make_provider(lee, contract_b)
    sign_in_directly(client, lee, host=host)
    path = "/home/" if host.startswith("wv-bh") else "/wv-bh/home/"
    page = client.get(path, headers={"host": host}).content.decode()
    assert f"have no provider in {contract_a.name}" in page
    assert f">{contract_b.name}</a>" in page
    assert f"/{contract_b.slug}/home/" in page or f"//{contract_b.slug}." in page
    assert "providers/add/" in page
    assert "Elm Clinic" not in page


def test_the_words_of_the_menu_are_the_programs_and_what_it_lacks_is_not_there(
    client: Client, contract_a: ActiveContract
) -> None:
    lee = make_person("lee")
    make_provider(lee, contract_a)
    sign_in_directly(client, lee)
    page = client.get("/wv-bh/home/").content.decode()
    words = contract_a.document.vocabulary
    assert f'href="/wv-bh/account/">{words.preferences}</a>' in page
    assert f'href="/wv-bh/mfa-help/">{words.help}</a>' in page
    changed = contract_a.document.model_copy(
        update={
            "modules": (),
            "vocabulary": words.model_copy(update={"preferences": "My settings"}),
        }
    )
    without = dataclasses.replace(contract_a, document=changed)
    with mock.patch("tenants.context_processors.contract_of", return_value=without):
        page = client.get("/wv-bh/home/").content.decode()
    nav = page[page.index('<nav class="site-nav"') : page.index("</nav>")]
    assert ">My settings</a>" in nav
    assert "providers/add/" not in nav
