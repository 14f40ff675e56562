"""Registering providers, access to them, and fifty at once."""

from collections import Counter
from threading import Barrier
from uuid import UUID

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connections, transaction
from django.http import Http404

from core.accounts.models import ContractAccess
from core.audit.models import AuditEvent
from core.common.ids import uuid7
from core.groups.access import access_provider, list_providers
from core.groups.models import Membership, Provider, ProviderGroup, Role
from core.groups.permissions import Permission
from core.groups.selectors import find_admin_group, unit_is_registered
from core.groups.services.providers import ProviderRegisteredError
from tenants.context import ActiveContract
from tests.support.naive import fails_with
from tests.support.people import START, make_person, make_provider
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db


def test_the_first_provider_makes_group_membership_access_and_events(
    contract_a: ActiveContract,
) -> None:
    user = make_person()
    provider = make_provider(user, contract_a)
    membership = Membership.objects.get(user=user)
    assert (membership.role, membership.group) == (Role.GROUP_ADMIN, provider.group)
    assert ContractAccess.objects.get(user=user).contract_id == contract_a.id
    assert unit_is_registered(contract_id=contract_a.id, unit_key="1234567893")
    events = AuditEvent.objects.filter(actor_id=user.id).values_list("event_type", flat=True)
    assert {"provider.registered", "membership.granted"} <= set(events)


def test_the_second_provider_joins_the_group(
    contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    user = make_person()
    first = make_provider(user, contract_a)
    second = make_provider(user, contract_b, identifier="1245319599")
    assert first.group == second.group == find_admin_group(user.id)
    assert Membership.objects.filter(user=user).count() == 1
    assert ContractAccess.objects.filter(user=user).count() == 2


def test_a_unit_registers_once_in_a_contract_and_again_in_another(
    contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    dana, lee = make_person(), make_person("lee")
    make_provider(dana, contract_a)
    with pytest.raises(ProviderRegisteredError):
        make_provider(lee, contract_a)
    assert not Membership.objects.filter(user=lee).exists()
    assert not ContractAccess.objects.filter(user=lee).exists()
    assert ProviderGroup.objects.count() == 1
    make_provider(lee, contract_b)


def test_access_is_404_out_of_scope_and_403_without_the_right(
    contract_a: ActiveContract,
) -> None:
    dana, lee, noor = make_person(), make_person("lee"), make_person("noor")
    provider = make_provider(dana, contract_a)
    Membership.objects.create(user=lee, provider=provider, role=Role.STAFF, since=START)
    for permission in Permission:
        assert access_provider(dana, provider.id, permission) == provider
    assert access_provider(lee, provider.id, Permission.PROVIDER_VIEW) == provider
    with pytest.raises(PermissionDenied):
        access_provider(lee, provider.id, Permission.ROLES_MANAGE)
    for key in (provider.id, uuid7()):
        with pytest.raises(Http404):
            access_provider(noor, key, Permission.PROVIDER_VIEW)
    assert list(list_providers(noor, Permission.PROVIDER_VIEW)) == []


@pytest.mark.parametrize("role", [Role.PROVIDER_ADMIN, Role.STAFF])
def test_a_role_has_the_reach_that_belongs_to_it(contract_a: ActiveContract, role: Role) -> None:
    user = make_person()
    provider = make_provider(user, contract_a)
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(user=user, group=provider.group, role=role, since=START)
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(user=user, provider=provider, role=Role.GROUP_ADMIN, since=START)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_make_one_provider_and_no_orphan(contract_a: ActiveContract) -> None:
    people = [make_person(f"person{place}") for place in range(20)]

    def register(place: int) -> bool:
        try:
            make_provider(people[place], contract_a)
        except ProviderRegisteredError:
            return False
        return True

    assert Counter(at_once(20, register)) == {True: 1, False: 19}
    assert Provider.objects.count() == 1
    assert ProviderGroup.objects.count() == 1
    assert Membership.objects.count() == 1
    assert ContractAccess.objects.count() == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_look_before_the_insert_would_let_several_through(contract_a: ActiveContract) -> None:
    """The naive way: see that it is not registered, then register it, without a constraint."""
    with connections["owner"].cursor() as cursor:
        table, name = Provider._meta.db_table, Provider._meta.constraints[0].name
        cursor.execute(f'DROP INDEX "{name}"')
        assert table
    together = Barrier(20)

    def naive(user_id: UUID) -> ProviderGroup | None:
        if unit_is_registered(contract_id=contract_a.id, unit_key="1234567893"):
            raise ProviderRegisteredError
        together.wait(timeout=30)
        return None

    fails_with(
        "core.groups.services.providers.hold_admin_group",
        naive,
        lambda: test_twenty_at_once_make_one_provider_and_no_orphan(contract_a),
        where="assert Counter(at_once(20, register)) ==",
    )
