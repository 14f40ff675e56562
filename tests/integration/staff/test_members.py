"""Staff appoint staff on the pages: within their reach, with a reason, after a fresh sign-in."""

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common import clock
from core.notifications.models import LocalMessage
from core.staff import permissions
from core.staff.models import StaffInvitation, StaffMember, StaffRole
from core.staff.permissions import StaffPermission
from core.staff.services.members import grant_role
from tenants.context import ActiveContract
from tests.support.people import START, deliver_all, session_account
from tests.support.sign_in import age_sign_in, sign_in_directly
from tests.support.staff import make_staff, staff_client

pytestmark = pytest.mark.django_db
LIST, INVITE = "/staff/members/", "/staff/members/invite/"
REASON = "ticket 4713, asked for by the state"
NEW = "nina@state.example"


@pytest.fixture
def operator(client: Client) -> User:
    """Return Olive, who manages staff everywhere and has just signed in."""
    olive = make_staff(StaffRole.OPERATOR)
    sign_in_directly(client, olive, option="phone")
    return olive


def invite(client: Client, **changes: Any) -> Any:
    typed = {
        "email": NEW,
        "role": "help_desk",
        "contract": "everywhere",
        "last_day": "",
        "reason": REASON,
        **changes,
    }
    return client.post(INVITE, typed)


def event(name: str) -> AuditEvent:
    return AuditEvent.objects.filter(event_type=name).latest("at")


def manages_in_own_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the document give contract admins the management of staff."""
    known = permissions.permissions_of

    def more(role: str) -> frozenset[str]:
        managing = {StaffPermission.STAFF_VIEW.value, StaffPermission.STAFF_MANAGE.value}
        return known(role) | managing if role == StaffRole.CONTRACT_ADMIN else known(role)

    monkeypatch.setattr(permissions, "permissions_of", more)


def test_invite_see_and_withdraw(
    client: Client, operator: User, contract_a: ActiveContract
) -> None:
    assert "Invite somebody" in client.get(LIST).content.decode()
    sent = invite(client, role="contract_admin", contract=str(contract_a.id))
    assert sent.headers["Location"] == LIST
    invitation = StaffInvitation.objects.get()
    assert (invitation.email, invitation.invited_by) == (NEW, operator.id)
    told = event("staff_invitation.sent")
    assert (told.actor_id, told.data["reason"], told.contract_id) == (
        operator.id,
        REASON,
        contract_a.id,
    )
    deliver_all()
    assert "/staff/invitation/" in LocalMessage.objects.get(to=NEW).link
    page = client.get(LIST).content.decode()
    assert NEW in page
    assert f"Contract admin, {contract_a.name}" in page

    path = f"/staff/members/invitations/{invitation.id}/withdraw/"
    assert "Enter the reason" in client.post(path, {"reason": ""}).content.decode()
    gone = client.post(path, {"reason": REASON}, follow=True).content.decode()
    assert "The invitation is withdrawn." in gone
    assert NEW not in gone
    withdrawn = event("staff_invitation.withdrawn")
    assert (withdrawn.actor_id, withdrawn.data["reason"]) == (operator.id, REASON)
    assert client.get(path).status_code == 404


def test_a_role_is_ended_its_holder_is_out_and_told(client: Client, operator: User) -> None:
    gone = make_staff(StaffRole.HELP_DESK, name="gil")
    other = Client()
    sign_in_directly(other, gone, option="phone")
    member = StaffMember.objects.get(user=gone)
    path = f"/staff/members/{member.id}/end/"
    assert path in client.get(LIST).content.decode()
    done = client.post(path, {"reason": REASON}, follow=True).content.decode()
    assert "The role has ended." in done
    assert "gil" not in done
    ended = event("staff_role.ended")
    assert (ended.actor_id, ended.data["reason"]) == (operator.id, REASON)
    assert other.get("/home/").status_code == 302
    deliver_all()
    mail = LocalMessage.objects.filter(to=gone.email).latest("sent_at")
    assert mail.subject.startswith("Your staff role has ended")


def test_nobody_ends_their_own_role_or_one_by_claims(client: Client, operator: User) -> None:
    vouched = make_staff(StaffRole.AUDITOR, name="vera")
    StaffMember.objects.filter(user=vouched).update(issuer="https://id.example")
    own = StaffMember.objects.get(user=operator)
    by_claims = StaffMember.objects.get(user=vouched)
    page = client.get(LIST).content.decode()
    assert f"/staff/members/{own.id}/end/" not in page
    assert f"/staff/members/{by_claims.id}/end/" not in page
    said_of_own, said_of_claims = "Nobody does this to their own", "company sign-in gives this"
    for member, said in ((own, said_of_own), (by_claims, said_of_claims)):
        answer = client.post(f"/staff/members/{member.id}/end/", {"reason": REASON})
        assert said in answer.content.decode()
        member.refresh_from_db()
        assert member.ended_at is None


def test_where_a_role_cannot_be_held_is_said_at_the_place(
    client: Client, operator: User, contract_a: ActiveContract
) -> None:
    for role, where in (("contract_admin", "everywhere"), ("operator", str(contract_a.id))):
        form = invite(client, role=role, contract=where).context["form"]
        assert list(form.errors) == ["contract"], role


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"email": "nobody"}, "email"),
        ({"role": ""}, "role"),
        ({"reason": " "}, "Enter the reason"),
        ({"role": "contract_admin"}, "has to be named"),
        ({"contract": ""}, "Select a program, or the whole deployment."),
        ({"last_day": "2020-01-31"}, "This day is over"),
        ({"last_day": "soon"}, "day"),
        ({"last_day": "9999-12-31"}, "Choose a day from 1900 to 2199."),
    ],
)
def test_what_is_missing_is_said(
    client: Client, operator: User, changes: dict[str, str], said: str
) -> None:
    answer = invite(client, **changes)
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not StaffInvitation.objects.exists()


def test_a_last_day_ends_with_the_day(client: Client, operator: User) -> None:
    invite(client, last_day="2099-06-30")
    until = StaffInvitation.objects.get().until
    assert until is not None
    assert until.isoformat() == "2099-07-01T04:00:00+00:00"
    invite(client)
    assert StaffInvitation.objects.get().until is None


def test_it_needs_a_fresh_sign_in(client: Client, operator: User) -> None:
    age_sign_in(client)
    member = StaffMember.objects.get(user=make_staff(StaffRole.AUDITOR, name="vera"))
    assert client.get(LIST).status_code == 200
    for path in (INVITE, f"/staff/members/{member.id}/end/"):
        assert client.get(path).headers["Location"].startswith("/confirm/")
    assert invite(client).headers["Location"].startswith("/confirm/")
    assert not StaffInvitation.objects.exists()


@pytest.mark.parametrize(
    ("role", "sees"), [(StaffRole.AUDITOR, True), (StaffRole.HELP_DESK, False)]
)
def test_who_may_not_appoint_is_refused_and_recorded(role: StaffRole, *, sees: bool) -> None:
    theirs = staff_client(role, name="rae")
    assert theirs.get(LIST).status_code == (200 if sees else 403)
    assert "Invite somebody" not in theirs.get(LIST).content.decode()
    assert invite(theirs).status_code == 403
    member = StaffMember.objects.get()
    assert theirs.post(f"/staff/members/{member.id}/end/", {"reason": REASON}).status_code == 403
    refused = event("staff_access.refused")
    assert refused.data["permission"] == "staff.manage"
    assert not StaffInvitation.objects.exists()


def test_one_contracts_manager_appoints_there_alone(
    monkeypatch: pytest.MonkeyPatch, contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    manages_in_own_contract(monkeypatch)
    everywhere = make_staff(StaffRole.AUDITOR, name="vera")
    there = make_staff(StaffRole.CONTRACT_ADMIN, contract_b, name="bo")
    here = make_staff(StaffRole.HELP_DESK, contract_a, name="hal")
    admin = staff_client(StaffRole.CONTRACT_ADMIN, contract_a, name="ada")
    page = admin.get(LIST).content.decode()
    assert "(hal)" in page
    assert "(bo)" not in page
    assert "(vera)" not in page
    assert contract_b.name not in admin.get(INVITE).content.decode()

    assert invite(admin, contract=str(contract_b.id)).status_code == 200
    assert invite(admin, contract="everywhere").status_code == 200
    assert invite(admin, role="operator").status_code == 200
    assert not StaffInvitation.objects.exists()
    for other in (everywhere, there):
        path = f"/staff/members/{StaffMember.objects.get(user=other).id}/end/"
        assert admin.post(path, {"reason": REASON}).status_code == 404
    assert invite(admin, contract=str(contract_a.id)).status_code == 302
    assert StaffInvitation.objects.get().contract_id == contract_a.id
    path = f"/staff/members/{StaffMember.objects.get(user=here).id}/end/"
    assert admin.post(path, {"reason": REASON}).status_code == 302


def test_to_strangers_and_providers_the_pages_do_not_exist(client: Client) -> None:
    nothing = UUID("01900000-0000-7000-8000-000000000000")
    for path in (LIST, INVITE, f"/staff/members/{nothing}/end/"):
        assert client.get(path).headers["Location"].startswith("/?next=")
    olive = make_staff(StaffRole.OPERATOR)
    sign_in_directly(client, olive, option="phone")
    assert client.get(f"/staff/members/{nothing}/end/").status_code == 404


def test_appointed_twice_is_one_invitation(client: Client, operator: User) -> None:
    for _ in range(2):
        assert invite(client).status_code == 302
    assert StaffInvitation.objects.count() == 1
    granted = grant_role(
        user_id=make_staff(StaffRole.AUDITOR, name="vera").id,
        role=StaffRole.HELP_DESK,
        contract_id=None,
        by=operator.id,
        at=clock.now(),
    )
    assert granted.granted_at > START
    assert session_account(client) == operator.id
