"""A provider that left the roster: no office gets access to it, and what one has can be ended."""

import pytest
from django.test import Client

from core.accounts.models import User
from core.common import clock
from core.groups.models import AccessGrant, Membership, Office, Provider
from core.groups.services.access_grants import (
    end_access_as_provider,
    give_access,
)
from core.groups.services.assignments import assign_people, end_assignment_as_provider
from core.groups.services.grant_changes import change_access
from core.groups.services.leaving import ProviderLeavingError
from core.groups.services.suspending import mark_leaving
from tests.integration.offices.conftest import through
from tests.integration.offices.test_access import enter, fir
from tests.support.people import EVERYWHERE

pytestmark = pytest.mark.django_db
__all__ = ["fir"]


def mark(provider: Provider) -> None:
    assert mark_leaving(provider_id=provider.id, suspends_at=clock.now())


def give(office: Office, provider: Provider, by: User) -> list[AccessGrant]:
    return give_access(
        office=office,
        providers=[provider],
        terms=through(30),
        by=by.id,
        entered=EVERYWHERE,
        at=clock.now(),
    )


def test_no_office_gets_access_to_it(office: Office, oak: Provider, head: User) -> None:
    mark(oak)
    with pytest.raises(ProviderLeavingError):
        give(office, oak, head)
    assert not AccessGrant.objects.exists()


def test_the_form_does_not_offer_it(
    admin: Client, office: Office, oak: Provider, fir: Provider
) -> None:
    assert "Oak Clinic" in enter(admin, office.code).content.decode()
    mark(oak)
    page = enter(admin, office.code).content.decode()
    assert (fir.name in page, "Oak Clinic" in page) == (True, False)


def test_another_one_gives_it_as_before(office: Office, oak: Provider, ash: Provider) -> None:
    mark(oak)
    other = User.objects.get(username="other")
    [made] = give(office, ash, other)
    assert made.provider == ash


def test_access_that_it_has_given_is_not_made_more(
    grant: AccessGrant, oak: Provider, head: User, olive: User, billie: User
) -> None:
    mark(oak)
    with pytest.raises(ProviderLeavingError):
        assign_people(grant_id=grant.id, user_ids=[billie.id], by=olive.id, at=clock.now())
    with pytest.raises(ProviderLeavingError):
        change_access(
            grant_id=grant.id,
            seen=through(90),
            wanted=through(120),
            by=head.id,
            entered=EVERYWHERE,
            at=clock.now(),
        )
    assert not Membership.objects.filter(grant=grant).exists()


def test_access_is_ended_all_the_same(
    grant: AccessGrant, assigned: Membership, oak: Provider, head: User
) -> None:
    mark(oak)
    end_assignment_as_provider(
        membership_id=assigned.id, by=head.id, entered=EVERYWHERE, at=clock.now()
    )
    end_access_as_provider(grant_id=grant.id, by=head.id, entered=EVERYWHERE, at=clock.now())
    grant.refresh_from_db()
    assert grant.ended_at is not None
