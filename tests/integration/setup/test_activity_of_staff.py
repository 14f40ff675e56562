"""Activity tells in words what staff did with a provider: released it, or moved it here."""

import pytest
from django.test import Client

from core.accounts.models import User
from core.groups.models import Provider
from core.groups.services.giving_up import hand_over_provider, release_provider
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
    hand_over_provider(
        provider_id=stranger_provider.id,
        to=elm.group_id,
        reason="Bought",
        by=helper.id,
        at=after(hours=1),
    )
    found = sentences(admin)
    assert "Staff of the program moved Ash Clinic to your group." in found


@pytest.fixture
def helper() -> User:
    """Return somebody of staff."""
    user = make_person("helper", factors=False)
    User.objects.filter(pk=user.pk).update(is_staff_member=True)
    return user
