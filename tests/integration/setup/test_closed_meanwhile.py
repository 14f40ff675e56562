"""An admin whose account is closed between a page and its turn does nothing for others any more."""

from typing import Any

import pytest

from core.accounts.models import User
from core.accounts.services.accounts import deactivate_account
from core.common.errors import DomainError
from core.groups.models import Membership, Provider, ProviderStatus, Role
from core.groups.services.giving_up import give_up_provider, loss_of
from core.groups.services.join_requests import approve_join, ask_to_join, refuse_join
from core.groups.services.memberships import grant_group_admin, grant_provider_role
from core.groups.services.people import WorksElsewhereError, deactivate_user
from core.groups.services.recoveries import ask_recovery, object_to_recovery
from core.groups.services.roles import ChangedMeanwhileError, change_role, end_membership
from tests.support.people import EVERYWHERE, START, after, make_person

pytestmark = pytest.mark.django_db
LATER = after(hours=1)


@pytest.fixture
def deputy(head: User, elm: Provider) -> User:
    """Return a second Provider Group Admin, whose account is closed by now."""
    user = make_person("deputy")
    grant_group_admin(user=user, group=elm.group, by=head.id, at=START)
    deactivate_account(user_id=user.id, reason="left", by=head.id, at=LATER)
    return user


def held_by(user: User) -> Membership:
    return Membership.objects.get(user=user, until__isnull=True)


def test_roles_are_neither_changed_nor_ended(
    head: User, deputy: User, dana: User, elm: Provider
) -> None:
    chief = make_person("second.chief")
    grant_provider_role(user=chief, provider=elm, role=Role.PROVIDER_ADMIN, by=head.id, at=START)
    deactivate_account(user_id=chief.id, reason="left", by=head.id, at=LATER)
    grant_group_admin(user=make_person("third"), group=elm.group, by=head.id, at=START)
    for by, whose in ((deputy, head), (chief, dana)):
        held = held_by(whose)
        seen: dict[str, Any] = {"membership_id": held.id, "was": held.role, "by": by.id}
        with pytest.raises(ChangedMeanwhileError):
            end_membership(**seen, entered=EVERYWHERE, at=LATER)
        with pytest.raises(ChangedMeanwhileError):
            change_role(**seen, role=Role.PROVIDER_ADMIN, entered=EVERYWHERE, at=LATER)
        assert held_by(whose) == held


def test_no_provider_is_given_up(deputy: User, elm: Provider) -> None:
    with pytest.raises(ChangedMeanwhileError):
        give_up_provider(provider_id=elm.id, seen=loss_of(elm).version, by=deputy.id, at=LATER)
    elm.refresh_from_db()
    assert elm.status == ProviderStatus.ACTIVE


def test_no_request_is_decided(deputy: User, elm: Provider) -> None:
    noor = make_person("noor")
    asked = ask_to_join(user=noor, provider_id=elm.id, number="1", note="", at=LATER)
    decided: dict[str, Any] = {"request_id": asked.id, "by": deputy.id, "at": LATER}
    with pytest.raises(DomainError):
        approve_join(**decided, role=Role.STAFF, entered=EVERYWHERE)
    with pytest.raises(ChangedMeanwhileError):
        refuse_join(**decided, reason="No.")
    assert not Membership.objects.filter(user=noor).exists()


def test_no_recovery_is_stopped(deputy: User, dana: User, elm: Provider) -> None:
    asked = ask_recovery(user=dana, provider_id=elm.id, evidence="She left.", at=LATER)
    with pytest.raises(ChangedMeanwhileError):
        object_to_recovery(
            recovery_id=asked.id, reason="No.", by=deputy.id, entered=EVERYWHERE, at=LATER
        )


def test_no_account_is_closed(deputy: User, dana: User) -> None:
    with pytest.raises(WorksElsewhereError):
        deactivate_user(user_id=dana.id, by=deputy.id, entered=EVERYWHERE, at=LATER)
    dana.refresh_from_db()
    assert dana.is_active
