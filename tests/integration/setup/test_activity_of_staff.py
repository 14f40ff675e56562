"""Activity tells in words what staff did with a provider: released it, or moved it here."""

from uuid import UUID

import pytest
from django.test import Client

from core.accounts.models import User
from core.groups.models import Provider, Role
from core.groups.services.giving_up import hand_over_provider, release_provider
from core.groups.services.memberships import grant_provider_role
from tests.integration.setup.test_activity import ACTIVITY, sentences
from tests.support.people import after, make_person

pytestmark = pytest.mark.django_db


def test_what_staff_released_is_told_to_its_group(
    admin: Client, elm: Provider, oak: Provider, helper: User
) -> None:
    Provider.objects.filter(pk=oak.pk).update(contract=elm.contract_id)
    release_provider(provider_id=oak.id, reason="By mistake", by=helper.id, at=after(hours=1))
    assert sentences(admin, f"{ACTIVITY}?kind=providers")[0] == (
        "Staff of the program released Oak Clinic: nobody is registered with its number any more."
    )


def test_what_staff_moved_is_told_to_the_group_that_has_it_now(
    admin: Client, elm: Provider, stranger_provider: Provider, helper: User
) -> None:
    move(stranger_provider, to=elm.group_id, by=helper)
    found = sentences(admin)
    assert "Staff of the program moved Ash Clinic to your group." in found


def test_what_the_former_people_did_is_not_told_to_the_group_that_has_it_now(
    admin: Client, elm: Provider, stranger_provider: Provider, helper: User
) -> None:
    sam, jo = make_person("sam", phone=None), make_person("jo", phone=None)
    for user, hours in ((sam, 1), (jo, 3)):
        if user is jo:
            move(stranger_provider, to=elm.group_id, by=helper)
        grant_provider_role(
            user=user, provider=stranger_provider, role=Role.STAFF, by=None, at=after(hours=hours)
        )
    found = " ".join(sentences(admin))
    assert "Jo Reed" in found
    assert "Sam Reed" not in found
    assert "registered Ash Clinic" not in found


def test_what_staff_moved_away_is_told_to_the_group_that_had_it(
    admin: Client, elm: Provider, oak: Provider, stranger_provider: Provider, helper: User
) -> None:
    Provider.objects.filter(pk=oak.pk).update(contract=elm.contract_id)
    move(oak, to=stranger_provider.group_id, by=helper)
    found = sentences(admin, f"{ACTIVITY}?kind=providers")
    assert found[0] == "Staff of the program moved Oak Clinic from your group to another one."


def move(provider: Provider, *, to: UUID, by: User) -> None:
    hand_over_provider(provider_id=provider.id, to=to, reason="Bought", by=by.id, at=after(hours=2))


@pytest.fixture
def helper() -> User:
    """Return somebody of staff."""
    user = make_person("helper", factors=False)
    User.objects.filter(pk=user.pk).update(is_staff_member=True)
    return user
