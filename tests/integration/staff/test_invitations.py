"""Staff by invitation: from the command on an empty deployment to the pages of staff."""

from datetime import timedelta
from io import StringIO
from threading import Event

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client

from core.accounts.models import ContractAccess, User
from core.accounts.policies import effective_policy
from core.audit.models import AuditEvent
from core.common import clock
from core.notifications.models import LocalMessage
from core.staff.models import StaffInvitation, StaffMember, StaffRole
from core.staff.selectors import list_roles
from core.staff.services.invitations import (
    follow_invitation,
    invite_staff,
    take_role,
    withdraw_invitation,
)
from core.staff.services.members import WrongReachError
from tenants.context import ActiveContract
from tests.support.people import PASSWORD, deliver_all, last_code, make_person, session_account
from tests.support.sign_in import sign_in_directly
from tests.support.staff import last_link, make_staff, sign_in_by_phone
from tests.support.threads import at_once, until_blocked_or

pytestmark = pytest.mark.django_db
ADDRESS = "olive@company.example"
PHONE = "+13045550177"
NAMES = {"first_name": "Olive", "last_name": "Marsh", "username": "olive.marsh"}


def invite(*arguments: str) -> str:
    out = StringIO()
    call_command("staff", "invite", ADDRESS, "--role", *arguments, stdout=out)
    return out.getvalue()


def register_with_phone(client: Client) -> str:
    """Go through MFA registration; return where it ends."""
    client.post("/mfa/method/", {"method": "phone"})
    client.post("/mfa/email/", {"action": "send", "email": ADDRESS})
    client.post("/mfa/email/", {"action": "verify", "code": last_code(ADDRESS)})
    client.post("/mfa/password/", {"password": PASSWORD, "confirmation": PASSWORD})
    client.post("/mfa/phone/", {"country": "1", "phone": PHONE[2:], "channel": "sms"})
    done = client.post("/mfa/phone/verify/", {"action": "verify", "code": last_code(PHONE)})
    return str(done.headers["Location"])


def test_the_first_operator_of_an_empty_deployment(client: Client) -> None:
    said = invite("operator")
    assert ADDRESS in said
    assert "/outbox/" in said
    link = last_link(ADDRESS)
    assert "Press the button" in client.get(link).content.decode()
    assert StaffInvitation.objects.get().link_used_at is None
    assert client.post(link).headers["Location"] == "/staff/invitation/name/"
    page = client.post("/staff/invitation/name/", {**NAMES, "username": "x"}).content.decode()
    assert "Use 3 to 60 letters" in page
    assert "Olive" in page
    assert client.post("/staff/invitation/name/", NAMES).headers["Location"] == "/mfa/method/"
    offered = client.get("/mfa/method/").content.decode()
    assert 'value="totp"' in offered
    assert 'value="email"' not in offered
    assert register_with_phone(client) == "/staff/"
    assert "Operator, whole deployment" in client.get("/staff/").content.decode()

    user = User.objects.get(username="olive.marsh")
    assert session_account(client) == user.id
    assert user.is_staff_member
    member = StaffMember.objects.get(user=user)
    assert (member.role, member.contract, member.granted_by) == ("operator", None, None)
    assert effective_policy(user.id).origin("accounts.password_min_length") == ("staff",)
    events = set(AuditEvent.objects.values_list("event_type", flat=True))
    assert {"staff_invitation.sent", "staff_invitation.accepted", "staff_role.granted"} <= events
    assert client.post(link).headers["Location"] == "/staff/invitation/ended/"


def test_an_account_signs_in_and_accepts(client: Client, contract_a: ActiveContract) -> None:
    user = make_person("olive")
    call_command(
        "staff", "invite", user.email, "--role", "contract-admin", "--contract", "wv-bh",
        stdout=StringIO(),
    )  # fmt: skip
    link = last_link(user.email)
    assert client.post(link).headers["Location"] == "/staff/invitation/accept/"
    assert "/?next=" in client.get("/staff/invitation/accept/").headers["Location"]
    sign_in_by_phone(client, user)
    assert "Contract admin" in client.get("/staff/invitation/accept/").content.decode()
    assert client.get("/staff/").status_code == 404
    assert client.post("/staff/invitation/accept/").headers["Location"] == "/staff/"
    # A change of role ends the sessions: the epoch moved.
    assert client.get("/staff/").status_code == 302
    sign_in_by_phone(client, user)
    assert "Contract admin, West Virginia" in client.get("/staff/").content.decode()
    assert ContractAccess.objects.filter(user=user, contract_id=contract_a.id).exists()


def test_an_invitation_with_another_end_gives_the_role_until_then() -> None:
    user, at = make_staff(StaffRole.AUDITOR, name="vera"), clock.now()
    end = at + timedelta(days=30)
    for until in (end, end, None):
        sent = invite_staff(
            email=user.email,
            role=StaffRole.AUDITOR,
            contract_id=None,
            until=until,
            by=None,
            at=at,
        )
        take_role(sent, user, at=at)
        assert list_roles(user.id, at=at).get().until == until
    ended = AuditEvent.objects.filter(event_type="staff_role.ended")
    assert [one.data["reason"] for one in ended] == ["renewed", "renewed"]  # the same end is none


@pytest.mark.django_db(transaction=True)
def test_of_two_who_invite_at_once_to_one_role_there_is_one_invitation() -> None:
    held = Event()

    def act(place: int) -> None:
        if place:
            assert held.wait(30)
        with transaction.atomic():
            invite_staff(
                email=ADDRESS, role=StaffRole.AUDITOR, contract_id=None, by=None, at=clock.now()
            )
            if place == 0:
                held.set()
                until_blocked_or(done)
        done.set()

    done = Event()
    at_once(2, act)
    assert StaffInvitation.objects.count() == 1


def test_somebody_else_cannot_accept(client: Client) -> None:
    user, other = make_person("olive"), make_person("dana", phone="+13045550188")
    invite_staff(
        email=user.email, role=StaffRole.OPERATOR, contract_id=None, by=None, at=clock.now()
    )
    client.post(last_link(user.email))
    sign_in_directly(client, other, option="phone")
    page = client.post("/staff/invitation/accept/").content.decode()
    assert "sent to another e-mail address" in page
    assert not StaffMember.objects.exists()


def test_a_link_ends_on_the_second_and_gives_way_to_a_newer_one() -> None:
    invite("auditor")
    first = last_link(ADDRESS).rstrip("/").rpartition("/")[2]
    ends = StaffInvitation.objects.get().link_expires_at
    assert ends is not None
    assert follow_invitation(token=first, at=ends) is None
    invite("auditor")
    second = last_link(ADDRESS).rstrip("/").rpartition("/")[2]
    assert StaffInvitation.objects.count() == 1
    assert follow_invitation(token=first, at=clock.now()) is None
    ends = StaffInvitation.objects.get().link_expires_at
    assert ends is not None
    assert follow_invitation(token=second, at=ends - timedelta(seconds=1)) is not None
    assert follow_invitation(token=second, at=clock.now()) is None
    assert AuditEvent.objects.filter(event_type="staff_invitation.refused").count() == 3


def test_a_withdrawn_invitation_is_over_at_every_step(client: Client) -> None:
    invite("operator")
    client.post(last_link(ADDRESS))
    client.post("/staff/invitation/name/", NAMES)
    client.post("/mfa/method/", {"method": "phone"})
    withdraw_invitation(
        invitation_id=StaffInvitation.objects.get().id, reason="mistake", by=None, at=clock.now()
    )
    assert client.get("/mfa/email/").status_code == 410
    ended = client.get("/staff/invitation/name/").headers["Location"]
    assert ended == "/staff/invitation/ended/"
    assert not User.objects.filter(username="olive.marsh").exists()


def test_the_username_of_an_open_invitation_is_taken(client: Client) -> None:
    make_person("lee")
    invite("operator")
    client.post(last_link(ADDRESS))
    page = client.post("/staff/invitation/name/", {**NAMES, "username": "LEE"}).content.decode()
    assert "This username is taken" in page
    client.post("/staff/invitation/name/", NAMES)
    again = client.post("/staff/invitation/name/", NAMES)
    assert again.headers["Location"] == "/mfa/method/"


def test_the_command_lists_and_ends(contract_a: ActiveContract) -> None:
    user = make_staff(StaffRole.CONTRACT_ADMIN, contract_a)
    invite("help-desk")
    out = StringIO()
    call_command("staff", "list", stdout=out)
    assert f"{user.email}  Contract admin, wv-bh, invited" in out.getvalue()
    assert f"{ADDRESS}  Help desk, whole deployment, invited" in out.getvalue()

    call_command("staff", "end", user.email, "--reason", "left", stdout=out)
    call_command("staff", "end", ADDRESS, "--reason", "mistake", stdout=out)
    user.refresh_from_db()
    assert not user.is_staff_member
    assert not ContractAccess.objects.filter(user=user, until__isnull=True).exists()
    event = AuditEvent.objects.get(event_type="staff_role.ended")
    assert event.data["reason"] == "left"
    with pytest.raises(CommandError, match="Nobody"):
        call_command("staff", "end", user.email, "--reason", "again")


def test_the_command_refuses_what_makes_no_sense() -> None:
    for arguments, words in (
        (("nobody", "--role", "operator"), "not an e-mail address"),
        ((ADDRESS, "--role", "contract-admin"), "has to be named"),
        ((ADDRESS, "--role", "operator", "--contract", "wv-bh"), "whole deployment"),
        ((ADDRESS, "--role", "auditor", "--contract", "nothing"), "no contract"),
    ):
        with pytest.raises(CommandError, match=words):
            call_command("staff", "invite", *arguments)
    with pytest.raises(CommandError, match="reason"):
        call_command("staff", "end", ADDRESS, "--reason", " ")
    with pytest.raises(WrongReachError):
        invite_staff(
            email=ADDRESS,
            role=StaffRole.CONTRACT_ADMIN,
            contract_id=None,
            by=None,
            at=clock.now(),
        )
    assert not StaffInvitation.objects.exists()


def test_the_mail_says_when_the_link_ends_and_waits_for_nobody_else() -> None:
    invite("operator")
    deliver_all()
    message = LocalMessage.objects.get(to=ADDRESS)
    assert "within 48 hours" in message.text
    assert "as Operator" in message.text


def test_mail_and_pages_say_to_what_one_is_invited_and_by_whom(
    client: Client, contract_a: ActiveContract
) -> None:
    boss = make_staff(StaffRole.OPERATOR, name="wanda")
    invite_staff(
        email=ADDRESS, role=StaffRole.HELP_DESK, contract_id=contract_a.id, by=boss.id,
        at=clock.now(),
    )  # fmt: skip
    link = last_link(ADDRESS)
    text = LocalMessage.objects.get(to=ADDRESS).text
    assert f"{boss.get_full_name()} invites you to work for the portal as Help desk" in text
    client.post(link)
    page = client.get("/staff/invitation/name/").content.decode()
    for word in (boss.get_full_name(), "Help desk", "West Virginia Behavioral Health"):
        assert f"<strong>{word}</strong>" in page
