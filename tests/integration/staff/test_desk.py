"""The help desk's pages: find, look, act with a reason; scope, refusals and what is recorded."""

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django import forms
from django.test import Client

from core.accounts.locking import LockRules
from core.accounts.models import User
from core.accounts.services.accounts import deactivate_account
from core.accounts.services.locks import record_failure
from core.audit.models import AuditEvent
from core.common import clock
from core.common.ids import uuid7
from core.groups.services.memberships import grant_group_admin
from core.mfa.models import Factor, HelpRequest
from core.mfa.services.help_requests import facts_of
from core.notifications.models import LocalMessage
from core.staff.models import StaffRole
from core.staff.services.desk import OwnAccountError, unlock_for_owner
from tenants.context import ActiveContract
from tests.support.naive import fails_with
from tests.support.people import (
    START,
    deliver_all,
    last_code,
    make_person,
    make_provider,
)
from tests.support.sign_in import sign_in_directly
from tests.support.staff import make_staff, staff_client

pytestmark = pytest.mark.django_db
REASON = "ticket 4711, called from the number on file"
FOREVER = LockRules(failures=1, window_minutes=None, hold_minutes=None)


def search(client: Client, by: str, value: str, **more: Any) -> str:
    typed = {"by": by, "value": value, "contract": "", "reason": REASON, **more}
    return client.post("/staff/accounts/", typed).content.decode()


def lock(user: User, at: datetime | None = None) -> None:
    record_failure(user_id=user.id, rules=FOREVER, at=at or clock.now())


def mails(to: str) -> list[str]:
    deliver_all()
    return list(LocalMessage.objects.filter(to=to).values_list("subject", flat=True))


def event(event_type: str) -> AuditEvent:
    return AuditEvent.objects.get(event_type=event_type)


@pytest.fixture
def dana(contract_a: ActiveContract) -> User:
    user = make_person("dana")
    provider = make_provider(user, contract_a)
    # With a second admin the group is not left without one when the account is closed.
    grant_group_admin(user=make_person("deputy"), group=provider.group, by=user.id, at=START)
    return user


@pytest.fixture
def desk(dana: User) -> Client:
    return staff_client(StaffRole.HELP_DESK)


def test_find_look_and_unlock(desk: Client, dana: User) -> None:
    lock(dana)
    page = search(desk, "email", "DANA@clinic.example")
    assert f"/staff/accounts/{dana.id}/" in page
    found = event("staff_search.made")
    assert (found.result, found.subject_id) == ("found", dana.id)
    assert found.data["reason"] == REASON
    assert "dana" not in str(found.data)

    page = desk.get(f"/staff/accounts/{dana.id}/").content.decode()
    assert "Locked since" in page
    assert "E-mail, Phone" in page
    assert "West Virginia" in page
    assert dana.email not in page
    assert "Account locked after too many failures" in page
    assert "Staff search made" in page

    form = desk.post(f"/staff/accounts/{dana.id}/unlock/", {"reason": " "}).content.decode()
    assert "Enter the reason" in form
    done = desk.post(f"/staff/accounts/{dana.id}/unlock/", {"reason": REASON}, follow=True)
    assert "is open again" in done.content.decode()
    dana.refresh_from_db()
    assert not dana.is_locked(clock.now())
    unlocked = event("account.unlocked")
    assert unlocked.data["reason"] == REASON
    assert unlocked.actor_id != dana.id
    assert mails(dana.email)[-1].startswith("Your account is open again")
    # The page is old: nothing happens twice.
    desk.post(f"/staff/accounts/{dana.id}/unlock/", {"reason": REASON})
    assert AuditEvent.objects.filter(event_type="account.unlocked").count() == 1


def test_the_three_ways_to_find_and_one_answer_for_nobody(
    desk: Client, dana: User, contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    link = f"/staff/accounts/{dana.id}/"
    assert link in search(desk, "username", "Dana")
    assert link in search(desk, "identifier", "1234-567-893", contract=str(contract_a.id))
    elsewhere = search(desk, "identifier", "1234567893", contract=str(contract_b.id))
    assert "Nobody found" in elsewhere
    for by, value in (("email", "nobody@clinic.example"), ("username", "d"), ("email", "dana")):
        assert "Nobody found" in search(desk, by, value)
    assert "Select the program" in search(desk, "identifier", "1234567893")
    assert "Enter the reason" in search(desk, "email", dana.email, reason="")
    assert AuditEvent.objects.filter(event_type="staff_search.made", result="nothing").count() == 4


def test_a_page_opens_for_half_an_hour_after_a_search(
    desk: Client, dana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/staff/accounts/{dana.id}/"
    assert desk.get(path).headers["Location"] == "/staff/accounts/?again"
    search(desk, "email", dana.email)
    began = clock.now()
    session = desk.session
    session["staff_lookups"] = {str(dana.id): began.timestamp()}
    session.save()
    monkeypatch.setattr(clock, "now", lambda: began + timedelta(minutes=29, seconds=59))
    # The session itself would be idle by then.
    record = desk.session["portal_session"]
    session = desk.session
    session["portal_session"] = {**record, "seen_at": (began + timedelta(minutes=29)).timestamp()}
    session.save()
    assert desk.get(path).status_code == 200
    monkeypatch.setattr(clock, "now", lambda: began + timedelta(minutes=30))
    assert desk.get(path).headers["Location"] == "/staff/accounts/?again"
    assert "Look the account up again" in desk.get("/staff/accounts/?again").content.decode()


def test_a_contract_admin_finds_only_who_works_in_the_own_contract(
    dana: User, contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    own = staff_client(StaffRole.CONTRACT_ADMIN, contract_a, name="own")
    other = staff_client(StaffRole.CONTRACT_ADMIN, contract_b, name="other")
    assert f"/staff/accounts/{dana.id}/" in search(own, "email", dana.email)
    answers = [search(other, "email", value) for value in (dana.email, "nobody@clinic.example")]
    shown, unknown = (re.sub(r'(value|data-now)="[^"]*"', "", answer) for answer in answers)
    assert shown == unknown
    assert other.get(f"/staff/accounts/{dana.id}/").status_code == 404
    assert other.get(f"/staff/accounts/{dana.id}/unlock/").status_code == 404
    assert contract_b.name in other.get("/staff/accounts/").content.decode()
    assert contract_a.name not in other.get("/staff/accounts/").content.decode()


def test_what_changes_the_person_needs_all_their_contracts(
    dana: User, contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    admin = staff_client(StaffRole.CONTRACT_ADMIN, contract_a)
    deactivate_account(user_id=dana.id, reason="left", by=None, at=clock.now())
    search(admin, "username", "dana")
    path = f"/staff/accounts/{dana.id}/"
    assert "Reopen" in admin.get(path).content.decode()
    make_provider(dana, contract_b, identifier="1999999992", name="Oak Clinic")
    page = admin.get(path).content.decode()
    assert "Reopen" not in page
    assert "1 outside your programs" in page
    assert admin.post(f"{path}reopen/", {"reason": REASON}).status_code == 403
    dana.refresh_from_db()
    assert not dana.is_active
    assert event("staff_access.refused").subject_id == dana.id


def test_a_closed_account_is_opened_after_a_fresh_sign_in(
    dana: User, contract_a: ActiveContract
) -> None:
    deactivate_account(user_id=dana.id, reason="left", by=None, at=clock.now())
    admin = staff_client(StaffRole.CONTRACT_ADMIN, contract_a)
    search(admin, "username", "dana")
    path = f"/staff/accounts/{dana.id}/reopen/"
    session = admin.session
    key = "account_authentication_methods"
    session[key] = [{**entry, "at": entry["at"] - 600} for entry in session[key]]
    session.save()
    asked = admin.post(path, {"reason": REASON}).headers["Location"]
    assert asked.startswith("/confirm/?next=%2Fstaff%2F")
    assert "lost=1" in asked
    session = admin.session
    session[key] = [{**entry, "at": entry["at"] + 600} for entry in session[key]]
    session.save()
    admin.post(path, {"reason": REASON})
    dana.refresh_from_db()
    assert dana.is_active
    assert event("account.reactivated").data["reason"] == REASON
    assert mails(dana.email)[-1].startswith("Your account is active again")


def test_nobody_acts_on_themselves_and_staff_are_for_who_manages_staff(desk: Client) -> None:
    own = User.objects.get(username="olive")
    colleague = make_staff(StaffRole.AUDITOR, name="avery")
    lock(colleague)
    search(desk, "username", "olive")
    assert "your own account" in desk.get(f"/staff/accounts/{own.id}/").content.decode()
    assert desk.get(f"/staff/accounts/{own.id}/new_password/").status_code == 403
    with pytest.raises(OwnAccountError):
        unlock_for_owner(user_id=own.id, reason="x", by=own.id, at=clock.now())

    search(desk, "username", "avery")
    assert "This person is staff" in desk.get(f"/staff/accounts/{colleague.id}/").content.decode()
    assert desk.get(f"/staff/accounts/{colleague.id}/unlock/").status_code == 403
    operator = staff_client(StaffRole.OPERATOR, name="oscar")
    search(operator, "username", "avery")
    operator.post(f"/staff/accounts/{colleague.id}/unlock/", {"reason": REASON})
    colleague.refresh_from_db()
    assert not colleague.is_locked(clock.now())


def test_an_auditor_reads_and_changes_nothing(dana: User) -> None:
    lock(dana)
    auditor = staff_client(StaffRole.AUDITOR)
    search(auditor, "username", "dana")
    page = auditor.get(f"/staff/accounts/{dana.id}/").content.decode()
    assert "Locked since" in page
    assert "Unlock" not in page
    assert auditor.post(f"/staff/accounts/{dana.id}/unlock/", {"reason": REASON}).status_code == 403
    dana.refresh_from_db()
    assert dana.is_locked(clock.now())


def test_the_mails_that_staff_can_have_sent(desk: Client, dana: User) -> None:
    search(desk, "username", "dana")
    desk.post(f"/staff/accounts/{dana.id}/new_password/", {"reason": REASON})
    deliver_all()
    mail = LocalMessage.objects.filter(to=dana.email).latest("sent_at")
    assert mail.subject.startswith("Set a new password")
    assert "/forgot-password/" in mail.text
    assert event("password_reset.requested").data["reason"] == REASON

    bare = make_person("bare", factors=False)
    search(desk, "username", "bare")
    page = desk.get(f"/staff/accounts/{bare.id}/").content.decode()
    assert "MFA registration is not finished" in page
    assert "Send the way" not in page
    desk.post(f"/staff/accounts/{bare.id}/resend/", {"reason": REASON})
    assert len(mails(bare.email)) == 1
    assert event("mfa_registration.link_resent").data["reason"] == REASON


def test_without_an_accepted_factor_the_pages_stay_closed(client: Client) -> None:
    user = make_staff(StaffRole.HELP_DESK)
    sign_in_directly(client, user, option="phone")
    key = "account_authentication_methods"
    session = client.session
    session[key] = [
        {**entry, "type": "email"} if entry["method"] == "mfa" else entry for entry in session[key]
    ]
    session.save()
    assert client.get("/staff/accounts/").headers["Location"] == "/staff/factor/"
    page = client.get("/staff/factor/").content.decode()
    assert "The pages of staff ask for" in page
    client.post("/staff/factor/", {"action": "send", "channel": "sms"})
    number = user.factors.get(kind="phone").phone
    done = client.post("/staff/factor/", {"action": "verify", "code": last_code(number)})
    assert done.headers["Location"] == "/staff/"
    assert client.get("/staff/accounts/").status_code == 200
    assert event("session.stepped_up").data == {"method": "sms"}
    assert client.get("/staff/factor/").headers["Location"] == "/staff/"


def test_who_has_no_accepted_factor_is_led_to_enrol_one(client: Client) -> None:
    user = make_staff(StaffRole.HELP_DESK)
    user.factors.filter(kind="phone").delete()
    sign_in_directly(client, user)
    page = client.get("/staff/factor/").content.decode()
    assert "Add an authenticator app" in page
    assert "?next=%2Fstaff%2F" in page
    assert client.get("/staff/").headers["Location"] == "/staff/factor/"


def test_staff_pages_stand_on_the_portal_host(desk: Client, contract_a: ActiveContract) -> None:
    moved = desk.get(f"/{contract_a.slug}/staff/accounts/")
    assert moved.status_code == 302
    assert moved.headers["Location"].endswith("/staff/accounts/")
    assert desk.post(f"/{contract_a.slug}/staff/accounts/").status_code == 404


def test_what_was_never_there_is_not_found(desk: Client) -> None:
    key: UUID = uuid7()
    assert desk.get(f"/staff/accounts/{key}/").status_code == 404
    assert desk.get(f"/staff/registrations/{key}/").status_code == 404
    assert desk.get(f"/staff/requests/{key}/").status_code == 404


def test_reset_registration(desk: Client, dana: User) -> None:
    search(desk, "username", "dana")
    path = f"/staff/accounts/{dana.id}/reset_registration/"
    assert "Make sure first" in desk.get(path).content.decode()
    desk.post(path, {"reason": REASON})
    assert not Factor.objects.filter(user=dana).exists()
    reset = event("account.registration_reset")
    assert (reset.data["reason"], reset.subject_id) == (REASON, dana.id)
    assert len(mails(dana.email)) == 1


def test_a_contract_admin_leaves_a_wider_reset_to_the_help_desk(
    dana: User, contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    admin = staff_client(StaffRole.CONTRACT_ADMIN, contract_a)
    search(admin, "username", "dana")
    path = f"/staff/accounts/{dana.id}/"
    page = admin.get(path).content.decode()
    assert "Reset registration" in page
    assert "Ask the help desk" not in page
    make_provider(dana, contract_b, identifier="1999999992", name="Oak Clinic")
    page = admin.get(path).content.decode()
    assert "Ask the help desk" in page
    assert admin.post(f"{path}reset_registration/", {"reason": REASON}).status_code == 403
    admin.post(f"{path}ask_for_reset/", {"reason": REASON})
    waiting = HelpRequest.objects.get()
    assert (waiting.account, waiting.contract_id) == (dana, None)
    assert facts_of(waiting).note == REASON
    assert admin.get(f"/staff/requests/{waiting.id}/").status_code == 404
    assert event("account.reset_requested").data["request"] == str(waiting.id)
    assert Factor.objects.filter(user=dana).exists()


def test_a_form_that_can_do_without_would_keep_no_reason(desk: Client, dana: User) -> None:
    """The naive way: a reason is wished for."""
    fails_with(
        "core.staff.forms.ReasonForm.base_fields",
        {"reason": forms.CharField(required=False)},
        lambda: test_find_look_and_unlock(desk, dana),
        where='assert "Enter the reason" in form',
    )


def test_a_permission_that_counts_everywhere_would_reach_further(
    dana: User, contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    """The naive way: who holds a permission for one program may act on whoever works in it."""
    fails_with(
        "core.staff.acts.Act.allowed_to",
        lambda act, staff, _facts: staff.may(act.permission),
        lambda: test_what_changes_the_person_needs_all_their_contracts(
            dana, contract_a, contract_b
        ),
        where='assert "Reopen" not in page',
    )


def test_a_button_that_is_not_shown_would_keep_nobody_from_themselves(desk: Client) -> None:
    """The naive way: the page does not offer it."""
    fails_with(
        "core.staff.services.desk._refuse_own",
        lambda _user_id, _by: None,
        lambda: test_nobody_acts_on_themselves_and_staff_are_for_who_manages_staff(desk),
        where="with pytest.raises(OwnAccountError)",
    )
