"""A provider that left the roster: what is there can be seen and taken away, nothing is added."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from threading import Event, Thread
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from core.accounts.models import User
from core.groups.models import (
    Invitation,
    JoinRequest,
    Membership,
    Provider,
    ProviderStatus,
    Role,
    SuspendedRole,
)
from core.groups.services.accepting import accept_invitation
from core.groups.services.giving_up import give_up_provider, loss_of
from core.groups.services.invitations import (
    InvitationWaitsError,
    Invitee,
    invite_user,
    resend_invitation,
    withdraw_invitation,
)
from core.groups.services.join_requests import (
    Asker,
    JoinNotPossibleError,
    approve_by_invitation,
    approve_join,
    ask_from_outside,
    ask_to_join,
    refuse_join,
)
from core.groups.services.leaving import ProviderLeavingError
from core.groups.services.memberships import grant_provider_role
from core.groups.services.moving import move_role
from core.groups.services.readdressing import readdress_invitation
from core.groups.services.roles import add_role, change_role, end_membership, roles_held
from core.groups.services.several import RoleChange, set_roles
from core.groups.services.suspended_roles import give_back_role
from core.groups.services.suspending import keep_provider, mark_leaving, suspend_provider
from tenants import registry
from tests.support.naive import fails_with
from tests.support.people import EVERYWHERE, START, after, make_person, make_provider
from tests.support.threads import until_blocked_or

pytestmark = pytest.mark.django_db
LATER = after(hours=1)
SUSPENDS = LATER + timedelta(days=30)
Write = Callable[[Provider, User], object]


def mark(provider: Provider) -> None:
    assert mark_leaving(provider_id=provider.id, suspends_at=SUSPENDS)


def acting(by: User) -> dict[str, object]:
    return {"by": by.id, "entered": EVERYWHERE, "at": LATER}


def held_by(user: User, provider: Provider) -> Membership:
    return Membership.objects.get(user=user, provider=provider, until__isnull=True)


def works_at(provider: Provider, name: str, role: str = Role.STAFF) -> User:
    user = make_person(name)
    grant_provider_role(user=user, provider=provider, role=role, by=None, at=START)
    return user


def invite(provider: Provider, by: User, *more: Provider) -> Invitation:
    return invite_user(
        invitee=Invitee("noor.h", "noor@clinic.example", "Noor", "Haddad"),
        providers=[provider, *more],
        role=Role.STAFF,
        contract=registry.get_contract_by_id(provider.contract_id),
        host="",
        **acting(by),  # type: ignore[arg-type]
    )


def asked(provider: Provider) -> JoinRequest:
    return ask_to_join(
        user=make_person("sam"), provider_id=provider.id, number="1", note="", at=START
    )


def asked_outside(provider: Provider) -> JoinRequest:
    asker = Asker("kim@office.example", "Kim", "Vale")
    return ask_from_outside(asker=asker, provider_ids=[provider.id], at=START)[0]


def _adds(provider: Provider, head: User) -> Callable[[], object]:
    user = make_person("sam")
    given = {"user": user, "provider": provider, "role": Role.STAFF}
    return partial(add_role, **given, **acting(head))  # type: ignore[arg-type]


def _promotes(provider: Provider, head: User) -> Callable[[], object]:
    held = held_by(works_at(provider, "sam"), provider)
    change = {"membership_id": held.id, "was": Role.STAFF, "role": Role.PROVIDER_ADMIN}
    return partial(change_role, **change, **acting(head))  # type: ignore[arg-type]


def _makes_group_admin(provider: Provider, head: User) -> Callable[[], object]:
    held = held_by(works_at(provider, "sam"), provider)
    change = {"membership_id": held.id, "was": Role.STAFF, "role": Role.GROUP_ADMIN}
    return partial(change_role, **change, **acting(head))  # type: ignore[arg-type]


def _moves_to(provider: Provider, head: User) -> Callable[[], object]:
    other = make_provider(
        head, registry.get_contract_by_id(provider.contract_id), identifier="1000000053"
    )
    held = held_by(works_at(other, "sam"), other)
    moved = {"membership_id": held.id, "was": Role.STAFF, "to": provider}
    return partial(move_role, **moved, **acting(head))  # type: ignore[arg-type]


def _sets_several(provider: Provider, head: User) -> Callable[[], object]:
    change = RoleChange(make_person("sam"), provider, None, Role.STAFF)
    return partial(set_roles, changes=[change], **acting(head))  # type: ignore[arg-type]


def _invites(provider: Provider, head: User) -> Callable[[], object]:
    return partial(invite, provider, head)


def _sends_again(provider: Provider, head: User) -> Callable[[], object]:
    key = invite(provider, head).id
    return partial(resend_invitation, invitation_id=key, **acting(head))  # type: ignore[arg-type]


def _readdresses(provider: Provider, head: User) -> Callable[[], object]:
    found = invite(provider, head)
    change = {"invitation_id": found.id, "was": found.email, "email": "new@clinic.example"}
    return partial(readdress_invitation, **change, **acting(head))  # type: ignore[arg-type]


def _approves(provider: Provider, head: User) -> Callable[[], object]:
    request = {"request_id": asked(provider).id, "role": Role.STAFF}
    return partial(approve_join, **request, **acting(head))  # type: ignore[arg-type]


def _approves_outside(provider: Provider, head: User) -> Callable[[], object]:
    return partial(
        approve_by_invitation,
        request_id=asked_outside(provider).id,
        invitee=Invitee("kim.v", "kim@office.example", "Kim", "Vale"),
        providers=[provider],
        role=Role.STAFF,
        contract=registry.get_contract_by_id(provider.contract_id),
        host="",
        **acting(head),  # type: ignore[arg-type]
    )


def _gives_back(provider: Provider, head: User) -> Callable[[], object]:
    held = held_by(works_at(provider, "sam"), provider)
    Membership.objects.filter(pk=held.pk).update(until=LATER)
    waiting = SuspendedRole.objects.create(
        membership=held, contract_id=provider.contract_id, suspended_at=LATER
    )
    return partial(give_back_role, suspension_id=waiting.id, **acting(head))  # type: ignore[arg-type]


WRITES = (
    *(_adds, _promotes, _makes_group_admin, _moves_to, _sets_several, _invites, _sends_again),
    *(_readdresses, _approves, _approves_outside, _gives_back),
)


@pytest.mark.parametrize("write", WRITES)
def test_nothing_is_added_to_a_provider_that_is_leaving(
    write: Callable[[Provider, User], Callable[[], object]], head: User, elm: Provider
) -> None:
    act = write(elm, head)
    mark(elm)
    memberships, invitations = Membership.objects.count(), Invitation.objects.count()
    with pytest.raises(ProviderLeavingError, match="not on the program's list"):
        act()
    assert Membership.objects.filter(until__isnull=True, provider=elm).count() <= memberships
    assert (Membership.objects.count(), Invitation.objects.count()) == (memberships, invitations)
    # Its entry is back: the very same act is done.
    assert keep_provider(provider_id=elm.id, at=LATER)
    act()


@pytest.mark.parametrize("write", WRITES)
def test_another_provider_of_the_group_is_worked_with_as_before(
    write: Callable[[Provider, User], Callable[[], object]],
    head: User,
    elm: Provider,
    oak: Provider,
) -> None:
    act = write(oak, head)
    mark(elm)
    act()


def test_what_is_there_is_seen_and_can_be_taken_away(
    head: User, dana: User, chief: User, elm: Provider, oak: Provider
) -> None:
    invitation, request = invite(elm, head), asked(elm)
    mover = works_at(elm, "mover")
    mark(elm)
    withdraw_invitation(invitation_id=invitation.id, **acting(head))  # type: ignore[arg-type]
    refuse_join(request_id=request.id, reason="no", by=head.id, at=LATER)
    less = {"was": Role.PROVIDER_ADMIN, "role": Role.STAFF}
    key = held_by(chief, elm).id
    change_role(membership_id=key, **less, **acting(head))  # type: ignore[arg-type]
    key = held_by(dana, elm).id
    end_membership(membership_id=key, was=Role.STAFF, **acting(head))  # type: ignore[arg-type]
    key = held_by(mover, elm).id
    move_role(membership_id=key, was=Role.STAFF, to=oak, **acting(head))  # type: ignore[arg-type]
    assert (roles_held(chief.id, elm), roles_held(dana.id, elm)) == ({"staff"}, set())
    assert roles_held(mover.id, oak) == {"staff"}
    give_up_provider(provider_id=elm.id, seen=loss_of(elm).version, by=head.id, at=LATER)
    elm.refresh_from_db()
    assert (elm.status, elm.suspends_at) == (ProviderStatus.ENDED, None)


def test_an_invitation_waits_or_gives_what_stays(head: User, elm: Provider, oak: Provider) -> None:
    noor = make_person("noor")
    invitation = invite(elm, head)
    Invitation.objects.update(link_used_at=LATER)
    mark(elm)
    with pytest.raises(InvitationWaitsError):
        accept_invitation(invitation_id=invitation.id, user=noor, at=LATER)
    invitation.providers.add(oak)
    accept_invitation(invitation_id=invitation.id, user=noor, at=LATER)
    assert (roles_held(noor.id, elm), roles_held(noor.id, oak)) == (set(), {"staff"})


def test_nobody_can_ask_to_join(elm: Provider, oak: Provider) -> None:
    mark(elm)
    with pytest.raises(JoinNotPossibleError):
        asked(elm)
    asker = Asker("kim@office.example", "Kim", "Vale")
    keys = [elm.id, oak.id]
    made = ask_from_outside(asker=asker, provider_ids=keys, at=START)
    assert [one.provider for one in made] == [oak]


def test_only_an_active_provider_leaves(elm: Provider) -> None:
    mark(elm)
    assert not mark_leaving(provider_id=elm.id, suspends_at=LATER)
    assert suspend_provider(provider_id=elm.id, at=LATER)
    assert not keep_provider(provider_id=elm.id, at=LATER)
    assert not mark_leaving(provider_id=elm.id, suspends_at=LATER)
    with pytest.raises(IntegrityError), transaction.atomic():
        Provider.objects.filter(pk=elm.id).update(suspends_at=SUSPENDS)


def test_pages_say_until_when_and_whom_to_ask_and_offer_no_way_to_add(
    admin: Client, dana: User, elm: Provider, oak: Provider
) -> None:
    day = f"{SUSPENDS:%B} {SUSPENDS.day}, {SUSPENDS.year}"
    page = admin.get(f"/setup/providers/{elm.id}/").content.decode()
    assert "To be looked at only" not in page
    assert "Add New User" in page
    mark(elm)
    for path in (f"/setup/providers/{elm.id}/", "/home/"):
        page = admin.get(path).content.decode()
        assert page.count(f"To be looked at only, until {day}") == 1, path
        assert "Is this a mistake? Ask" in page
    page = admin.get(f"/setup/providers/{elm.id}/").content.decode()
    assert "Dana Reed" in page
    assert "Add New User" not in page
    assert "Remove" in page
    more = [f"/setup/users/{dana.id}/", "/setup/grid/", f"/setup/providers/{elm.id}/new-user/"]
    for path in ("/setup/", *more):
        assert "To be looked at only" in admin.get(path).content.decode(), path
    assert "To be looked at only" not in admin.get(f"/setup/providers/{oak.id}/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_an_entry_that_comes_back_during_a_write_is_one_before_the_other() -> None:
    def check() -> None:
        Membership.objects.all().delete()
        Provider.objects.all().delete()
        head = make_person(f"head{User.objects.count()}")
        elm = make_provider(head, registry.get_contract("wv-bh"))
        sam = make_person(f"sam{User.objects.count()}")
        mark(elm)
        done, refused = Event(), []

        def write() -> None:
            try:
                add_role(user=sam, provider=elm, role=Role.STAFF, **acting(head))  # type: ignore[arg-type]
            except ProviderLeavingError as error:
                refused.append(error)
            finally:
                done.set()
                connection.close()

        with transaction.atomic():
            keep_provider(provider_id=elm.id, at=LATER)
            thread = Thread(target=write)
            thread.start()
            until_blocked_or(done)
        thread.join()
        assert refused == []
        assert roles_held(sam.id, elm) == {"staff"}

    check()

    def hold_nothing(_group_id: UUID) -> None:
        return None

    fails_with("core.groups.services.roles.hold_group", hold_nothing, check, where="refused == []")
