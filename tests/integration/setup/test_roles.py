"""Giving, changing and ending roles: who may, what becomes of it, what stays."""

import pytest

from core.accounts.models import ContractAccess, User
from core.accounts.services.accounts import deactivate_account
from core.audit.models import AuditEvent
from core.groups.models import Membership, Provider, Role
from core.groups.services.holding import LastAdminError
from core.groups.services.roles import (
    ChangedMeanwhileError,
    RoleNotYoursError,
    add_role,
    change_role,
    end_membership,
    roles_held,
)
from tests.support.people import EVERYWHERE, START, after, make_person

pytestmark = pytest.mark.django_db
LATER = after(hours=1)


def held_by(user: User) -> Membership:
    return Membership.objects.get(user=user, until__isnull=True)


def contracts_of(user: User) -> set[object]:
    access = ContractAccess.objects.filter(user=user, until__isnull=True)
    return set(access.values_list("contract_id", flat=True))


def test_one_more_provider_in_another_contract(head: User, dana: User, oak: Provider) -> None:
    add_role(
        user=dana, provider=oak, role=Role.PROVIDER_ADMIN, by=head.id, entered=EVERYWHERE, at=LATER
    )
    assert roles_held(dana.id, oak) == {Role.PROVIDER_ADMIN}
    assert oak.contract_id in contracts_of(dana)


def test_a_role_that_is_there_already_is_not_doubled(head: User, dana: User, elm: Provider) -> None:
    with pytest.raises(ChangedMeanwhileError):
        add_role(user=dana, provider=elm, role=Role.STAFF, by=head.id, entered=EVERYWHERE, at=LATER)
    assert Membership.objects.filter(user=dana).count() == 1


def test_another_role_keeps_the_former_as_history(head: User, dana: User, elm: Provider) -> None:
    former = held_by(dana)
    change_role(
        membership_id=former.id,
        was=Role.STAFF,
        role=Role.PROVIDER_ADMIN,
        by=head.id,
        entered=EVERYWHERE,
        at=LATER,
    )
    former.refresh_from_db()
    assert (former.role, former.until) == (Role.STAFF, LATER)
    assert held_by(dana).role == Role.PROVIDER_ADMIN
    event = AuditEvent.objects.get(event_type="membership.role_changed")
    assert event.data["from"] == "staff"
    assert event.data["to"] == "provider_admin"


def test_who_becomes_group_admin_reaches_all_and_who_stops_keeps_every_provider(
    head: User, dana: User, elm: Provider, oak: Provider
) -> None:
    change_role(
        membership_id=held_by(dana).id,
        was=Role.STAFF,
        role=Role.GROUP_ADMIN,
        by=head.id,
        entered=EVERYWHERE,
        at=LATER,
    )
    assert held_by(dana).group_id == elm.group_id
    assert oak.contract_id in contracts_of(dana)
    change_role(
        membership_id=held_by(dana).id,
        was=Role.GROUP_ADMIN,
        role=Role.STAFF,
        by=head.id,
        entered=EVERYWHERE,
        at=LATER,
    )
    assert roles_held(dana.id, elm) == roles_held(dana.id, oak) == {Role.STAFF}


def test_a_page_that_is_old_changes_nothing(head: User, dana: User) -> None:
    key = held_by(dana).id
    change_role(
        membership_id=key,
        was=Role.STAFF,
        role=Role.PROVIDER_ADMIN,
        by=head.id,
        entered=EVERYWHERE,
        at=LATER,
    )
    for was in (Role.STAFF, Role.PROVIDER_ADMIN):
        with pytest.raises(ChangedMeanwhileError):
            end_membership(membership_id=key, was=was, by=head.id, entered=EVERYWHERE, at=LATER)
    assert held_by(dana).role == Role.PROVIDER_ADMIN


def test_who_is_removed_is_out_of_the_contract_and_stays_elsewhere(
    head: User, dana: User, elm: Provider, oak: Provider
) -> None:
    add_role(user=dana, provider=oak, role=Role.STAFF, by=head.id, entered=EVERYWHERE, at=LATER)
    key = Membership.objects.get(user=dana, provider=elm).id
    end_membership(membership_id=key, was=Role.STAFF, by=head.id, entered=EVERYWHERE, at=LATER)
    assert contracts_of(dana) == {oak.contract_id}
    assert roles_held(dana.id, elm) == set()


def test_a_provider_admin_manages_their_provider_and_no_group_admin(
    head: User, dana: User, elm: Provider, oak: Provider
) -> None:
    chief = make_person("chief")
    add = {"user": chief, "by": head.id, "entered": EVERYWHERE, "at": START}
    add_role(provider=elm, role=Role.PROVIDER_ADMIN, **add)  # type: ignore[arg-type]
    change_role(
        membership_id=held_by(dana).id,
        was=Role.STAFF,
        role=Role.PROVIDER_ADMIN,
        by=chief.id,
        entered=EVERYWHERE,
        at=LATER,
    )
    refused = [
        lambda: add_role(
            user=dana, provider=oak, role=Role.STAFF, by=chief.id, entered=EVERYWHERE, at=LATER
        ),
        lambda: change_role(
            membership_id=held_by(dana).id,
            was=Role.PROVIDER_ADMIN,
            role=Role.GROUP_ADMIN,
            by=chief.id,
            entered=EVERYWHERE,
            at=LATER,
        ),
        lambda: end_membership(
            membership_id=held_by(head).id,
            was=Role.GROUP_ADMIN,
            by=chief.id,
            entered=EVERYWHERE,
            at=LATER,
        ),
    ]
    for act in refused:
        with pytest.raises((ChangedMeanwhileError, RoleNotYoursError)):
            act()
    assert held_by(head).role == Role.GROUP_ADMIN
    assert roles_held(dana.id, oak) == set()


def test_staff_and_outsiders_change_nothing(head: User, dana: User, elm: Provider) -> None:
    stranger = make_person("stranger")
    for by in (dana, stranger):
        with pytest.raises(ChangedMeanwhileError):
            add_role(
                user=stranger, provider=elm, role=Role.STAFF, by=by.id, entered=EVERYWHERE, at=LATER
            )
        with pytest.raises(ChangedMeanwhileError):
            end_membership(
                membership_id=held_by(head).id,
                was=Role.GROUP_ADMIN,
                by=by.id,
                entered=EVERYWHERE,
                at=LATER,
            )
    assert not Membership.objects.filter(user=stranger).exists()


def test_the_last_admin_stays_admin(head: User, elm: Provider) -> None:
    key = held_by(head).id
    with pytest.raises(LastAdminError):
        end_membership(
            membership_id=key, was=Role.GROUP_ADMIN, by=head.id, entered=EVERYWHERE, at=LATER
        )
    with pytest.raises(LastAdminError):
        change_role(
            membership_id=key,
            was=Role.GROUP_ADMIN,
            role=Role.STAFF,
            by=head.id,
            entered=EVERYWHERE,
            at=LATER,
        )
    with pytest.raises(LastAdminError):
        deactivate_account(user_id=head.id, reason="left", by=None, at=LATER)
    head.refresh_from_db()
    assert head.is_active
    assert held_by(head).role == Role.GROUP_ADMIN


def test_an_admin_whose_account_is_closed_does_not_count(
    head: User, dana: User, elm: Provider
) -> None:
    change_role(
        membership_id=held_by(dana).id,
        was=Role.STAFF,
        role=Role.GROUP_ADMIN,
        by=head.id,
        entered=EVERYWHERE,
        at=LATER,
    )
    deactivate_account(user_id=dana.id, reason="left", by=head.id, at=LATER)
    with pytest.raises(LastAdminError):
        end_membership(
            membership_id=held_by(head).id,
            was=Role.GROUP_ADMIN,
            by=head.id,
            entered=EVERYWHERE,
            at=LATER,
        )
