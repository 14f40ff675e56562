"""Acts that reach into another program wait until the session has entered that one, too."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.test import Client

from core.accounts.models import User
from core.accounts.services.accounts import deactivate_account
from core.audit.models import AuditEvent
from core.common import clock
from core.groups.entering import NotEnteredError
from core.groups.models import Invitation, Membership, Provider, Role
from core.groups.services.accepting import accept_invitation
from core.groups.services.batches import invite_next, start_batch
from core.groups.services.invitations import (
    Invitee,
    invite_user,
    resend_invitation,
    withdraw_invitation,
)
from core.groups.services.join_requests import approve_join, ask_to_join
from core.groups.services.memberships import grant_group_admin, grant_provider_role
from core.groups.services.people import (
    change_user_details,
    deactivate_user,
    reactivate_user,
    reset_user_registration,
    unlock_user,
)
from core.groups.services.readdressing import readdress_invitation
from core.groups.services.recoveries import ask_recovery, object_to_recovery
from core.groups.services.roles import add_role, change_role, end_membership
from tenants.context import ActiveContract
from tests.integration.setup.test_batches import checked, person, problems, rows
from tests.integration.setup.test_invitations import TYPED, mailed_link, new_user
from tests.integration.setup.test_user_acts import act, buttons
from tests.support.naive import fails_with
from tests.support.people import (
    EVERYWHERE,
    START,
    accept_present_terms,
    after,
    make_person,
    make_provider,
)
from tests.support.publishing import publish_methods, suspend
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
LATER = after(hours=1)


@pytest.fixture
def deputy(head: User, elm: Provider, oak: Provider, contract_a: ActiveContract) -> User:
    """Return a second Provider Group Admin of Elm Clinic (one program) and Oak Clinic (another)."""
    user = make_person("deputy")
    accept_present_terms(user, contract_a)
    grant_group_admin(user=user, group=elm.group, by=head.id, at=START)
    return user


@pytest.fixture
def both(dana: User, oak: Provider, head: User) -> User:
    """Return Dana, who works at both."""
    grant_provider_role(user=dana, provider=oak, role=Role.STAFF, by=head.id, at=START)
    return dana


@pytest.fixture
def outside(client: Client, head: User, oak: Provider) -> Client:
    """Return the admin's browser: Oak's program asks for an app, which nobody has."""
    publish_methods("ms-um", "totp")
    sign_in_directly(client, head)
    return client


def role_at(user: User, provider: Provider) -> Membership:
    return Membership.objects.get(user=user, provider=provider, until__isnull=True)


def state() -> tuple[object, ...]:
    """Return what an act that is refused leaves as it was."""
    return (
        list(Membership.objects.order_by("id").values_list("id", "role", "until")),
        list(User.objects.order_by("id").values_list("id", "is_active", "last_name")),
        list(Invitation.objects.order_by("id").values_list("id", "email", "withdrawn_at")),
        AuditEvent.objects.count(),
    )


def refuses(wanted: Callable[..., Any], entered: Provider) -> None:
    """Refuse an act in a session that entered one program, and do it in one that entered all."""
    before = state()
    with pytest.raises(NotEnteredError, match="Mississippi"):
        wanted(entered={entered.contract_id})
    assert state() == before
    wanted(entered=EVERYWHERE)
    assert state() != before


def invite(by: User, provider: Provider, contract: ActiveContract, **more: Any) -> Invitation:
    return invite_user(
        invitee=Invitee("noor.h", "noor@clinic.example", "Noor", "Haddad"),
        providers=[provider],
        role=Role.GROUP_ADMIN,
        contract=contract,
        host="",
        by=by.id,
        at=clock.now(),
        **more,
    )


@pytest.mark.parametrize("name", ["add", "raise", "lower", "end", "own"])
def test_the_role_of_a_whole_group_waits_for_all_its_programs(
    name: str, head: User, deputy: User, dana: User, elm: Provider
) -> None:
    group_role = Membership.objects.get(user=deputy, group=elm.group)
    nobody = make_person("noor")
    change = partial(change_role, by=head.id, at=LATER)
    end = partial(end_membership, membership_id=group_role.id, was=Role.GROUP_ADMIN, at=LATER)
    acts: dict[str, Callable[..., Any]] = {
        "add": partial(
            add_role, user=nobody, provider=elm, role=Role.GROUP_ADMIN, by=head.id, at=LATER
        ),
        "raise": partial(
            change, membership_id=role_at(dana, elm).id, was=Role.STAFF, role=Role.GROUP_ADMIN
        ),
        "lower": partial(
            change, membership_id=group_role.id, was=Role.GROUP_ADMIN, role=Role.STAFF
        ),
        "end": partial(end, by=head.id),
        "own": partial(end, by=deputy.id),
    }
    refuses(acts[name], elm)


def test_so_do_requests_invitations_and_objections(
    head: User, dana: User, elm: Provider, oak: Provider, contract_a: ActiveContract
) -> None:
    noor = make_person("noor.k")
    asked = ask_to_join(user=noor, provider_id=elm.id, number="", note="", at=LATER)
    recovery = ask_recovery(user=dana, provider_id=elm.id, evidence="left", at=LATER)
    refuses(
        partial(approve_join, request_id=asked.id, role=Role.GROUP_ADMIN, by=head.id, at=LATER),
        elm,
    )
    refuses(
        partial(object_to_recovery, recovery_id=recovery.id, reason="here", by=head.id, at=LATER),
        elm,
    )
    refuses(partial(invite, head, elm, contract_a), elm)
    key = Invitation.objects.get().id
    refuses(partial(resend_invitation, invitation_id=key, by=head.id, at=clock.now()), elm)
    refuses(
        partial(
            readdress_invitation,
            invitation_id=key,
            was="noor@clinic.example",
            email="noor@other.example",
            by=head.id,
            at=clock.now(),
        ),
        elm,
    )
    refuses(partial(withdraw_invitation, invitation_id=key, by=head.id, at=clock.now()), elm)


@pytest.mark.parametrize(
    ("wanted", "is_closed"),
    [
        (unlock_user, False),
        (reset_user_registration, False),
        (deactivate_user, False),
        (reactivate_user, True),
        (partial(change_user_details, details={"last_name": "Vale"}, seen=""), False),
    ],
)
def test_acts_on_a_whole_user_wait_for_every_program_of_the_user(
    wanted: Callable[..., Any],
    is_closed: bool,
    head: User,
    both: User,
    contract_a: ActiveContract,
) -> None:
    if is_closed:
        deactivate_account(user_id=both.id, reason="left", by=head.id, at=START)
    before = state()
    with pytest.raises(NotEnteredError, match="Mississippi"):
        wanted(user_id=both.id, by=head.id, entered={contract_a.id}, at=LATER)
    assert state() == before


def test_a_program_out_of_service_is_named_with_what_can_be_done_meanwhile(
    admin: Client, head: User, both: User, deputy: User, elm: Provider
) -> None:
    suspend("ms-um")
    before = state()
    asked = [
        ("roles/{}/", Membership.objects.get(user=deputy, until__isnull=True), "staff"),
        ("roles/{}/", role_at(both, elm), "group_admin"),
    ]
    for path, held, role in asked:
        form = {"was": held.role, "role": role, "confirmed": "yes"}
        page = admin.post("/setup/" + path.format(held.id), form, follow=True).content.decode()

        assert "reaches into Mississippi UM Program, which is out of service" in page
        assert "the help desk can close an account" in page
    assert state()[:3] == before[:3]
    # Meanwhile, at a single provider:
    form = {"was": "staff", "role": "provider_admin"}
    admin.post(f"/setup/roles/{role_at(both, elm).id}/", form)
    assert role_at(both, elm).role == "provider_admin"


def test_setup_offers_neither_and_leads_to_the_program_that_asks(
    outside: Client, deputy: User, dana: User, elm: Provider
) -> None:
    page = outside.get(f"/setup/providers/{elm.id}/").content.decode()
    assert 'value="staff"' in page
    assert 'value="group_admin"' not in page
    assert "/ms-um/step-up/?next=%2Fsetup%2Fproviders%2F" in page
    assert "Confirm for Mississippi" in page
    for path in (f"/setup/users/{dana.id}/", f"/setup/providers/{elm.id}/new-user/"):
        assert 'value="group_admin"' not in outside.get(path).content.decode()
    before = state()
    raised = {"was": "staff", "role": "group_admin", "confirmed": "yes"}
    answer = outside.post(f"/setup/roles/{role_at(dana, elm).id}/", raised, follow=True)
    assert "Confirm your sign-in for" in answer.content.decode()
    lowered = {"was": "group_admin", "role": "staff", "confirmed": "yes"}
    held = Membership.objects.get(user=deputy)
    for path in (f"/setup/roles/{held.id}/", f"/setup/roles/{held.id}/remove/"):
        assert outside.post(path, lowered).status_code == 302
    form = outside.post(
        f"/setup/providers/{elm.id}/new-user/", TYPED | {"role": "group_admin"}
    ).content.decode()
    assert "Select a valid choice" in form or "not one of the available choices" in form
    assert state() == before


def test_setup_offers_no_act_on_who_also_works_where_one_has_not_entered(
    outside: Client, both: User
) -> None:
    assert buttons(outside, both) == set()
    page = outside.get(f"/setup/users/{both.id}/").content.decode()
    assert "/ms-um/step-up/" in page
    assert "/details/" not in page
    before = state()
    for name in ("deactivate", "reset-registration"):
        assert act(outside, both, name) == f"/setup/users/{both.id}/"
    answer = outside.post(f"/setup/users/{both.id}/details/", {"last_name": "Vale"})
    assert answer.headers["Location"] == f"/setup/users/{both.id}/"
    assert state() == before


def test_a_page_of_one_program_asks_nothing_of_who_has_entered_all(
    admin: Client, both: User, elm: Provider, oak: Provider, contract_a: ActiveContract
) -> None:
    page = admin.get(f"/{contract_a.slug}/setup/providers/{elm.id}/").content.decode()
    assert 'value="group_admin"' in page
    assert "Confirm for" not in page
    assert "deactivate" in admin.get(f"/{contract_a.slug}/setup/users/{both.id}/").content.decode()
    raised = {"was": "staff", "role": "group_admin", "confirmed": "yes"}
    admin.post(f"/{contract_a.slug}/setup/roles/{role_at(both, elm).id}/", raised)
    assert Membership.objects.get(user=both, until__isnull=True).role == Role.GROUP_ADMIN


def test_a_file_gives_the_role_by_what_was_entered_when_it_was_started(
    admin: Client, head: User, elm: Provider, oak: Provider, contract_a: ActiveContract
) -> None:
    header = "provider,first_name,last_name,email,fax,role"
    text = rows(person("noor", more=",group_admin"), person("ida", more=",staff"), header=header)
    batch = checked(admin, text)
    start_batch(batch_id=batch.id, entered={contract_a.id}, at=clock.now())
    invite_next(batch_id=batch.id, at=clock.now())
    assert list(problems(batch)) == [2]
    assert Invitation.objects.get().email == "ida@clinic.example"


def test_a_file_is_not_checked_for_a_role_that_waits(outside: Client, elm: Provider) -> None:
    header = "provider,first_name,last_name,email,fax,role"
    batch = checked(outside, rows(person("noor", more=",group_admin"), header=header))
    assert problems(batch) == {2: "role: This role is not yours to give there."}


def test_an_invitation_does_not_follow_the_group_into_a_program_that_was_not_entered(
    admin: Client, head: User, elm: Provider, contract_c: ActiveContract
) -> None:
    new_user(admin, elm, role="group_admin")
    link = mailed_link()
    make_provider(head, contract_c, identifier="1000000012", name="Oak Clinic")
    noor = make_person("noor")
    client = Client()
    client.post(link)
    sign_in_directly(client, noor)
    invitation = Invitation.objects.get()
    Invitation.objects.update(link_used_at=clock.now())
    with pytest.raises(Exception, match="has ended"):
        accept_invitation(invitation_id=invitation.id, user=noor, at=clock.now())
    assert not Membership.objects.filter(user=noor).exists()


@pytest.mark.parametrize("name", ["add", "end"])
def test_a_role_that_counts_without_a_sign_in_there_would_reach_further(
    name: str, head: User, deputy: User, dana: User, elm: Provider
) -> None:
    """The naive way: an admin of the group is one in every program of it."""
    replaced = "entering" if name == "add" else "services.roles"
    fails_with(
        f"core.groups.{replaced}.require_entered",
        lambda _contracts, _entered: None,
        lambda: test_the_role_of_a_whole_group_waits_for_all_its_programs(
            name, head, deputy, dana, elm
        ),
        where="with pytest.raises(NotEnteredError",
    )
