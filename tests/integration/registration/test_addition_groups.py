"""Register New Provider + of somebody who administers several groups: which one it joins."""

from uuid import UUID

import pytest

from core.accounts.models import User
from core.common.clock import now
from core.groups.models import Membership, Provider, ProviderGroup, Role
from core.groups.selectors import find_admin_group
from core.groups.services import providers
from core.groups.services.holding import hold_group
from core.groups.services.memberships import grant_group_admin
from core.groups.services.providers import hold_admin_group
from core.groups.services.roles import ChangedMeanwhileError
from tenants.registry import get_contract
from tests.integration.registration.journeys import (
    CLAIMS,
    Browser,
    Journey,
    acceptance,
    text_of,
)
from tests.support.people import make_person, make_provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in() -> Browser:
    """Return the browser of somebody who registered, and is signed in."""
    journey = Journey("wv-bh").start().inform().submit()
    journey.follow()
    journey.prove_email()
    return journey.client


@pytest.fixture
def second(signed_in: Browser) -> ProviderGroup:
    """Return a group of somebody else, whom the person helps to administer it."""
    theirs = make_provider(
        make_person("other"), get_contract("wv-bh"), identifier="1000000020", name="Ash Clinic"
    )
    user = User.objects.exclude(username="other").get()
    grant_group_admin(user=user, group=theirs.group, by=None, at=now())
    return theirs.group


def found_page(signed_in: Browser) -> str:
    return str(signed_in.post("/ms-um/providers/add/", CLAIMS["ms-um"])["Location"])


def added() -> Provider | None:
    return Provider.objects.filter(contract__slug="ms-um").first()


def test_who_has_one_group_is_asked_nothing(signed_in: Browser) -> None:
    page = found_page(signed_in)
    assert "Which of your groups" not in text_of(signed_in.get(page))


def test_the_chosen_group_gets_it(signed_in: Browser, second: ProviderGroup) -> None:
    page = found_page(signed_in)
    shown = text_of(signed_in.get(page))
    assert "Which of your groups does it join?" in shown
    assert "Ash Clinic (1 provider)" in shown
    done = signed_in.post(page, {**acceptance("ms-um"), "group": str(second.id)})
    assert done["Location"].endswith("/done/")
    provider = added()
    assert provider is not None
    assert provider.group == second
    other = User.objects.get(username="other")
    assert Membership.objects.filter(user=other, group=second, until__isnull=True).exists()


def test_nothing_chosen_or_somebody_elses_is_said_at_the_field(
    signed_in: Browser, second: ProviderGroup
) -> None:
    foreign = make_provider(
        make_person("third"), get_contract("wv-bh"), identifier="1000000038", name="Bay Clinic"
    )
    page = found_page(signed_in)
    empty = signed_in.post(page, acceptance("ms-um"))
    assert "Choose the group that the provider joins." in text_of(empty)
    stolen = signed_in.post(page, {**acceptance("ms-um"), "group": str(foreign.group_id)})
    assert "Select a valid choice" in text_of(stolen)
    assert "Bay Clinic" not in text_of(stolen)
    assert added() is None


def test_a_group_that_is_lost_at_that_moment_is_not_joined(
    signed_in: Browser, second: ProviderGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = found_page(signed_in)
    held = Membership.objects.filter(group=second, role=Role.GROUP_ADMIN)

    def lose_first(key: UUID) -> ProviderGroup:
        held.exclude(user__username="other").update(until=now())
        return hold_group(key)

    monkeypatch.setattr(providers, "hold_group", lose_first)
    answer = signed_in.post(page, {**acceptance("ms-um"), "group": str(second.id)})
    assert answer["Location"] == page
    assert added() is None
    monkeypatch.undo()
    assert "has changed since you opened the page" in text_of(signed_in.get(page))


def test_who_stops_being_admin_meanwhile_does_not_become_one_again(
    signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = User.objects.get()
    group = find_admin_group(user.id)
    assert group is not None
    assert hold_admin_group(user.id) == group
    answers = [group, None]
    monkeypatch.setattr(providers, "find_admin_group", lambda _key: answers.pop(0))
    Membership.objects.update(until=now())
    assert hold_admin_group(user.id) is None
    with pytest.raises(ChangedMeanwhileError):
        hold_admin_group(user.id, group.id)
