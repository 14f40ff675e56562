"""Whoever's roles somebody else changes gets one mail for the act, and nobody gets another."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common import clock
from core.common.errors import DomainError
from core.groups.models import Membership, Provider, Role
from core.groups.services.join_requests import approve_join, ask_to_join
from core.groups.services.memberships import grant_provider_role
from core.groups.services.moving import move_role
from core.groups.services.role_mails import ROLE_KIND, RoleStep, tell_of_roles
from core.groups.services.roles import add_role, change_role, end_membership, make_group_admin
from core.groups.services.several import RoleChange, set_roles
from core.notifications.models import LocalMessage, OutboxMessage
from tests.support.naive import fails_with
from tests.support.people import (
    EVERYWHERE,
    START,
    after,
    deliver_all,
    make_person,
    session_account,
)
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
LATER = after(hours=1)


def held_by(user: User) -> Membership:
    return Membership.objects.get(user=user, until__isnull=True)


def mails_to(user: User) -> list[str]:
    """Return the texts of the mails about roles, as they arrive."""
    deliver_all()
    kinds = OutboxMessage.objects.filter(kind=ROLE_KIND, account_id=user.id)
    sent = LocalMessage.objects.filter(message_id__in=kinds.values("id")).order_by("sent_at", "id")
    return [" ".join(f"{one.subject} {one.text}".split()) for one in sent]


def test_who_is_given_changed_and_removed_is_told_by_whom(
    head: User, dana: User, oak: Provider
) -> None:
    add_role(user=dana, provider=oak, role=Role.STAFF, by=head.id, entered=EVERYWHERE, at=LATER)
    held = Membership.objects.get(user=dana, provider=oak)
    change_role(
        membership_id=held.id,
        was=Role.STAFF,
        role=Role.PROVIDER_ADMIN,
        by=head.id,
        entered=EVERYWHERE,
        at=LATER,
    )
    held = Membership.objects.get(user=dana, provider=oak, until__isnull=True)
    end_membership(
        membership_id=held.id, was=Role.PROVIDER_ADMIN, by=head.id, entered=EVERYWHERE, at=LATER
    )
    given, changed, ended = mails_to(dana)
    assert "You have a new role" in given
    assert "You are now Provider Staff Account for Oak Clinic." in given
    assert (
        "For Oak Clinic you are now Provider Admin. Before, you were Provider Staff Account."
        in changed
    )
    assert "You are no longer Provider Admin for Oak Clinic." in ended
    for mail in (given, changed, ended):
        assert "Head Reed (head@clinic.example)" in mail
        assert "Elm" not in mail
    assert mails_to(head) == []


def test_a_role_for_the_whole_group_is_named_after_it(
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
    change_role(
        membership_id=held_by(dana).id,
        was=Role.GROUP_ADMIN,
        role=Role.STAFF,
        by=head.id,
        entered=EVERYWHERE,
        at=LATER,
    )
    up, down = mails_to(dana)
    assert f"For all providers of {elm.group.name} you are now Provider Group Admin." in up
    assert f"For all providers of {elm.group.name} you are now Provider Staff Account." in down


def test_what_one_does_to_oneself_is_no_news(head: User, chief: User) -> None:
    end_membership(
        membership_id=held_by(chief).id,
        was=Role.PROVIDER_ADMIN,
        by=chief.id,
        entered=EVERYWHERE,
        at=LATER,
    )
    assert not OutboxMessage.objects.filter(kind=ROLE_KIND).exists()


def test_a_move_is_one_mail(head: User, dana: User, oak: Provider) -> None:
    move_role(
        membership_id=held_by(dana).id,
        was=Role.STAFF,
        to=oak,
        by=head.id,
        entered=EVERYWHERE,
        at=LATER,
    )
    [mail] = mails_to(dana)
    assert "Your roles have changed" in mail
    assert "no longer Provider Staff Account for Elm Clinic" in mail
    assert "now Provider Staff Account for Oak Clinic" in mail


def test_an_answer_to_a_request_tells_enough(head: User, elm: Provider) -> None:
    noor = make_person("noor")
    asked = ask_to_join(user=noor, provider_id=elm.id, number="", note="", at=LATER)
    approve_join(request_id=asked.id, role=Role.STAFF, by=head.id, entered=EVERYWHERE, at=LATER)
    assert mails_to(noor) == []


def grid_of(users: list[User], elm: Provider, oak: Provider) -> list[RoleChange]:
    return [
        change
        for user in users
        for change in (
            RoleChange(user, elm, Role.STAFF, None),
            RoleChange(user, oak, None, Role.PROVIDER_ADMIN),
        )
    ]


def test_a_grid_is_one_mail_a_person_and_one_statement_for_all(
    head: User, elm: Provider, oak: Provider
) -> None:
    users = [make_person(f"user{place}", factors=False) for place in range(5)]
    for user in users:
        grant_provider_role(user=user, provider=elm, role=Role.STAFF, by=head.id, at=START)
    with CaptureQueriesContext(connection) as queries:
        set_roles(changes=grid_of(users, elm, oak), by=head.id, entered=EVERYWHERE, at=LATER)
    written = [one for one in queries if 'INTO "core_notifications_outboxmessage"' in one["sql"]]
    assert len(written) == 1
    for user in users:
        [mail] = mails_to(user)
        assert "Elm Clinic" in mail
        assert "Oak Clinic" in mail


def test_an_act_that_is_refused_tells_nobody(head: User, dana: User, elm: Provider) -> None:
    changes = [
        RoleChange(dana, elm, Role.STAFF, None),
        RoleChange(make_person("noor"), elm, Role.STAFF, None),
    ]
    with pytest.raises(DomainError):
        set_roles(changes=changes, by=head.id, entered=EVERYWHERE, at=LATER)
    assert not OutboxMessage.objects.filter(kind=ROLE_KIND).exists()


def test_the_outbox_keeps_keys_and_no_names(head: User, dana: User, oak: Provider) -> None:
    add_role(user=dana, provider=oak, role=Role.STAFF, by=head.id, entered=EVERYWHERE, at=LATER)
    kept = str(OutboxMessage.objects.get(kind=ROLE_KIND).context)
    assert "Oak" not in kept
    assert "Reed" not in kept


def test_who_has_another_role_signs_in_anew_and_others_stay(
    admin: Client, head: User, dana: User, chief: User, oak: Provider
) -> None:
    elm = held_by(dana).provider
    assert elm is not None
    danas, chiefs = Client(), Client()
    for browser, user in ((danas, dana), (chiefs, chief)):
        sign_in_directly(browser, user)
    grid = [
        RoleChange(dana, elm, Role.STAFF, Role.PROVIDER_ADMIN),
        RoleChange(chief, oak, None, Role.STAFF),
    ]
    set_roles(changes=grid, by=head.id, entered=EVERYWHERE, at=clock.now())
    assert session_account(danas) == dana.id
    assert danas.get("/home/").status_code == 302
    assert [chiefs.get("/home/").status_code, admin.get("/home/").status_code] == [200, 200]
    event = AuditEvent.objects.get(event_type="account.sessions_ended")
    assert (event.subject_id, event.actor_id) == (dana.id, head.id)
    assert event.data["reason"] == "role_changed"


def approve(user: User, oak: Provider, by: User) -> None:
    asked = ask_to_join(user=user, provider_id=oak.id, number="", note="", at=LATER)
    approve_join(request_id=asked.id, role=Role.GROUP_ADMIN, by=by.id, entered=EVERYWHERE, at=LATER)


def recover(user: User, oak: Provider, by: User) -> None:
    make_group_admin(user=user, provider=oak, by=by.id, at=LATER)


@pytest.mark.parametrize("how", [approve, recover])
def test_so_does_who_becomes_group_admin_by_a_request(
    how: Callable[[User, Provider, User], None], head: User, dana: User, oak: Provider
) -> None:
    danas = Client()
    sign_in_directly(danas, dana)
    assert danas.get("/home/").status_code == 200
    how(dana, oak, head)
    assert danas.get("/home/").status_code == 302


@pytest.mark.parametrize(
    ("before", "after_it", "ends"),
    [
        (None, Role.STAFF, False),
        (Role.STAFF, None, False),
        (Role.STAFF, Role.STAFF, False),
        (Role.STAFF, Role.PROVIDER_ADMIN, True),
        (Role.GROUP_ADMIN, Role.STAFF, True),
        (None, Role.GROUP_ADMIN, True),
        (Role.GROUP_ADMIN, None, False),
    ],
)
def test_which_steps_end_sessions(
    dana: User, elm: Provider, before: Role | None, after_it: Role | None, *, ends: bool
) -> None:
    assert RoleStep(dana, elm, before, after_it).is_another_role is ends


def test_another_role_in_the_same_session_would_go_on(
    admin: Client, head: User, dana: User, chief: User, oak: Provider
) -> None:
    """The naive way: the next request finds the new role anyhow."""
    fails_with(
        "core.groups.services.role_mails.end_sessions_of",
        lambda *_users, **_why: None,
        lambda: test_who_has_another_role_signs_in_anew_and_others_stay(
            admin, head, dana, chief, oak
        ),
        where='assert danas.get("/home/").status_code == 302',
    )


def test_a_mail_for_each_change_would_be_several(head: User, elm: Provider, oak: Provider) -> None:
    """The naive way: whoever changes a role writes the mail about it."""

    def naive(steps: Sequence[RoleStep], **act: Any) -> None:
        for step in steps:
            tell_of_roles([step], **act)

    fails_with(
        "core.groups.services.several.tell_of_roles",
        naive,
        lambda: test_a_grid_is_one_mail_a_person_and_one_statement_for_all(head, elm, oak),
        where="assert len(written) == 1",
    )


def test_a_mail_to_everybody_concerned_would_tell_of_ones_own_act(head: User, chief: User) -> None:
    """The naive way: whoever has lost a role is told."""

    def naive(steps: Sequence[RoleStep], *, by: UUID | None, at: datetime) -> None:
        tell_of_roles(steps, by=None, at=at, because="provider")

    fails_with(
        "core.groups.services.roles.tell_of_roles",
        naive,
        lambda: test_what_one_does_to_oneself_is_no_news(head, chief),
        where="assert not OutboxMessage",
    )
