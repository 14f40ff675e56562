"""Accounts by the API: looked up with a reason, read, acted on as the pages of staff do."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.shortcuts import get_object_or_404
from django.test.utils import CaptureQueriesContext

from core.accounts.locking import LockRules
from core.accounts.models import User
from core.accounts.services.locks import record_failure
from core.audit.models import AuditEvent
from core.common import clock
from core.groups.services.memberships import grant_group_admin
from core.notifications.models import OutboxMessage
from core.staff.acts import ACTS
from core.staff.lookups import LOOKUP_LIFE
from core.staff.models import ApiToken, StaffRole
from core.staff.permissions import StaffPermission
from tenants.context import ActiveContract
from tests.support.api import Caller, assert_problem, caller, caller_for
from tests.support.naive import fails_with
from tests.support.people import START, make_person, make_provider
from tests.support.staff import make_staff
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db
REASON = "ticket 4711"
BODY = {"reason": REASON}
LOOK_UP = "/accounts/look-up/"
FOREVER = LockRules(failures=1, window_minutes=None, hold_minutes=None)
MOST_STATEMENTS = 6


@pytest.fixture
def dana(contract_a: ActiveContract, contract_b: ActiveContract) -> User:
    """Somebody who works in two contracts, in groups that have a second admin."""
    user = make_person("dana")
    deputy = make_person("deputy")
    for contract, identifier in ((contract_a, "1245319599"), (contract_b, "1999999992")):
        provider = make_provider(user, contract, identifier=identifier, name=contract.slug)
        grant_group_admin(user=deputy, group=provider.group, by=user.id, at=START)
    return user


def desk(contract: ActiveContract | None = None, **more: Any) -> Caller:
    return caller(StaffRole.HELP_DESK, contract, **more)


def admin(contract: ActiveContract, **more: Any) -> Caller:
    return caller(StaffRole.CONTRACT_ADMIN, contract, **more)


def look_up(who: Caller, by: str, value: str, **more: str) -> Any:
    return who.post(LOOK_UP, {"by": by, "value": value, "reason": REASON, **more})


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [one["username"] for one in answer.json()["accounts"]]


def lock(user: User) -> None:
    record_failure(user_id=user.id, rules=FOREVER, at=clock.now())


def at(user: User, act: str = "") -> str:
    return f"/accounts/{user.pk}/{act and f'{act}/'}"


def notices() -> list[str]:
    kinds = OutboxMessage.objects.filter(kind="staff_act_notice").order_by("created_at")
    told = [str(one.context["what"]) for one in kinds]
    return [what for what in told if what != "token_made"]


# --- Looking up ----------------------------------------------------------------------------------


def test_somebody_is_found_in_three_ways_and_each_is_recorded(
    dana: User, contract_a: ActiveContract
) -> None:
    hal = desk()
    assert names(look_up(hal, "email", "DANA@clinic.example")) == ["dana"]
    assert names(look_up(hal, "username", "dana")) == ["dana"]
    found = look_up(hal, "identifier", "1245319599", contract=contract_a.slug)
    assert sorted(names(found)) == ["dana", "deputy"]
    assert look_up(hal, "email", "nobody@clinic.example").json() == {
        "accounts": [],
        "registrations": [],
    }
    made = AuditEvent.objects.filter(event_type="staff_search.made").order_by("at")
    assert [event.result for event in made] == ["found", "found", "found", "nothing"]
    token = ApiToken.objects.get(user=hal.user)
    assert {event.data["token"] for event in made} == {str(token.pk)}
    assert {event.data["reason"] for event in made} == {REASON}
    assert "clinic.example" not in str([event.data for event in made])


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"by": "email", "value": "x"}, "body_invalid", "/reason"),
        ({"by": "email", "value": "x", "reason": " "}, "body_invalid", "/reason"),
        ({"by": "email", "value": "x", "reason": "r" * 301}, "body_invalid", "/reason"),
        ({"by": "email", "value": "", "reason": "r"}, "body_invalid", "/value"),
        ({"by": "email", "value": "v" * 255, "reason": "r"}, "body_invalid", "/value"),
        ({"by": "name", "value": "x", "reason": "r"}, "body_invalid", "/by"),
        ({"value": "x", "reason": "r"}, "body_invalid", "/by"),
        ({"by": "identifier", "value": "1", "reason": "r"}, "contract_missing", "/contract"),
    ],
)
def test_a_look_up_that_makes_no_sense_is_named_and_finds_nobody(
    body: dict[str, str], code: str, pointer: str
) -> None:
    status = {"body_invalid": 400, "contract_missing": 422}[code]
    problem = assert_problem(desk().post(LOOK_UP, body), status, code)
    assert problem["errors"][0]["pointer"] == pointer
    assert not AuditEvent.objects.filter(event_type="staff_search.made").exists()


def test_who_works_elsewhere_is_as_if_they_did_not_exist(
    dana: User, contract_a: ActiveContract, contract_c: ActiveContract
) -> None:
    for other in (admin(contract_c, name="mia"), desk(name="hal", only=(contract_c,))):
        unknown = look_up(other, "username", "nobody-of-this-name")
        assert look_up(other, "username", "dana").json() == unknown.json()
        foreign = look_up(other, "identifier", "1245319599", contract=contract_a.slug)
        missing = look_up(other, "identifier", "1245319599", contract="no-such")
        for answer in (
            foreign,
            missing,
            other.get(at(dana)),
            other.get(f"/accounts/{uuid4()}/"),
            other.post(at(dana, "resend"), BODY),
        ):
            assert_problem(answer, 404, "not_found")
    assert not notices()


def test_an_account_is_read_for_half_an_hour_after_a_look_up(
    dana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    hal = desk()
    assert_problem(hal.get(at(dana)), 403, "look_up_first")
    assert_problem(hal.post(at(dana, "new-password"), BODY), 403, "look_up_first")
    look_up(hal, "username", "deputy")
    assert_problem(hal.get(at(dana)), 403, "look_up_first")
    look_up(hal, "username", "dana")
    assert hal.get(at(dana)).status_code == 200
    # Another token of the same person has looked nobody up.
    assert_problem(caller_for(hal.user).get(at(dana)), 403, "look_up_first")
    over = clock.now() + LOOKUP_LIFE
    monkeypatch.setattr(clock, "now", lambda: over)
    assert_problem(hal.get(at(dana)), 403, "look_up_first")
    assert not notices()


def test_an_account_is_given_without_its_address_and_what_is_elsewhere(
    dana: User, contract_a: ActiveContract
) -> None:
    lock(dana)
    hal, mia = desk(name="hal"), admin(contract_a, name="mia")
    for one in (hal, mia):
        look_up(one, "username", "dana")
    whole, part = hal.get(at(dana)), mia.get(at(dana)).json()
    facts = whole.json()
    assert (facts["username"], facts["state"], facts["is_locked"]) == ("dana", "active", True)
    assert facts["factors"] == ["email", "phone"]
    assert dana.email not in whole.content.decode()
    assert len(facts["contracts"]) == len(facts["roles"]) == 2
    assert (facts["other_contracts"], facts["other_roles"]) == (0, 0)
    assert facts["acts"] == ["unlock", "new_password", "reset_registration"]
    assert part["contracts"] == [str(contract_a.id)]
    assert [role["contract_id"] for role in part["roles"]] == [str(contract_a.id)]
    assert (part["other_contracts"], part["other_roles"]) == (1, 1)
    assert "ask_for_reset" in part["acts"]
    assert "deactivate" not in part["acts"]


# --- Acts ----------------------------------------------------------------------------------------


def test_an_account_is_unlocked_as_on_the_page(dana: User) -> None:
    lock(dana)
    hal = desk()
    look_up(hal, "username", "dana")
    answer = hal.post(at(dana, "unlock"), BODY)
    assert answer.status_code == 200, answer.content
    assert answer.json()["is_locked"] is False
    event = AuditEvent.objects.get(event_type="account.unlocked")
    assert (event.actor_id, event.subject_id) == (hal.user.pk, dana.pk)
    assert event.data["reason"] == REASON
    assert event.data["token"]
    assert notices() == ["unlocked"]


@pytest.mark.parametrize(
    ("act", "event", "tells"),
    [
        ("new-password", "password_reset.requested", ["new_password"]),
        ("reset-registration", "account.registration_reset", []),
    ],
)
def test_each_act_is_recorded_and_told(dana: User, act: str, event: str, tells: list[str]) -> None:
    hal = desk()
    look_up(hal, "username", "dana")
    answer = hal.post(at(dana, act), BODY)
    assert answer.status_code == 200, answer.content
    assert AuditEvent.objects.get(event_type=event, subject_id=dana.pk).data["reason"] == REASON
    assert notices() == tells


def test_an_account_is_closed_and_opened_again(dana: User) -> None:
    olive = caller(StaffRole.OPERATOR)
    look_up(olive, "username", "dana")
    closed = olive.post(at(dana, "deactivate"), BODY).json()
    assert (closed["state"], closed["acts"]) == ("closed", ["reopen"])
    assert olive.post(at(dana, "reopen"), BODY).json()["state"] == "active"
    assert notices() == ["deactivated", "reactivated"]


def test_what_the_account_is_not_in_a_state_for_is_refused(dana: User) -> None:
    hal, olive = desk(name="hal"), caller(StaffRole.OPERATOR)
    for one, acts in ((hal, ("unlock", "resend", "reactivate")), (olive, ("reopen",))):
        look_up(one, "username", "dana")
        for act in acts:
            problem = assert_problem(one.post(at(dana, act), BODY), 409, "act_not_possible")
            assert "Nothing was changed" in problem["detail"]
            assert (problem["state"], problem["is_locked"]) == ("active", False)
            assert act not in problem["acts"]
    assert not notices()


def test_what_changes_the_person_needs_all_their_contracts(
    dana: User, contract_a: ActiveContract
) -> None:
    limited = desk(name="hal", only=(contract_a,))
    mia = admin(contract_a, name="mia")
    for one in (limited, mia):
        look_up(one, "username", "dana")
        assert_problem(one.post(at(dana, "reset-registration"), BODY), 403, "right_missing")
    refused = AuditEvent.objects.filter(event_type="staff_access.refused", subject_id=dana.pk)
    assert {event.actor_id for event in refused} == {limited.user.pk, mia.user.pk}
    asked = mia.post(at(dana, "ask-for-reset"), BODY)
    assert asked.status_code == 200, asked.content
    assert AuditEvent.objects.filter(event_type="account.reset_requested").exists()


def test_nobody_acts_on_themselves_and_tokens_not_on_staff(dana: User) -> None:
    olive = caller(StaffRole.OPERATOR)
    otto = make_staff(StaffRole.HELP_DESK, name="otto")
    for user in (olive.user, otto):
        look_up(olive, "username", user.username)
        assert olive.get(at(user)).json()["acts"] == []
        refused = AuditEvent.objects.filter(event_type="staff_access.refused", subject_id=user.pk)
        assert not refused.exists()
        assert_problem(olive.post(at(user, "deactivate"), BODY), 403, "staff_account")
        assert refused.get().actor_id == olive.user.pk
        user.refresh_from_db()
        assert user.is_active


def test_that_an_account_is_of_staff_is_said_after_a_look_up_alone(dana: User) -> None:
    olive = caller(StaffRole.OPERATOR)
    otto = make_staff(StaffRole.HELP_DESK, name="otto")
    assert_problem(olive.post(at(otto, "deactivate"), BODY), 403, "look_up_first")
    assert_problem(olive.post(at(dana, "deactivate"), BODY), 403, "look_up_first")


def test_each_act_asks_for_its_right_and_for_finding_accounts(dana: User) -> None:
    blind = caller(StaffRole.OPERATOR, rights=(StaffPermission.USERS_VIEW,))
    look_up(blind, "username", "dana")
    for act in ACTS.values():
        answer = blind.post(at(dana, act.name.replace("_", "-")), BODY)
        problem = assert_problem(answer, 403, "right_missing")
        assert problem["right"] == act.permission.value
    lone = desk(name="lone", rights=(StaffPermission.USERS_UNLOCK,))
    assert assert_problem(lone.post(at(dana, "unlock"), BODY), 403, "right_missing")["right"] == (
        "users.view"
    )
    assert_problem(look_up(lone, "username", "dana"), 403, "right_missing")
    auditor = caller(StaffRole.AUDITOR, name="ann")
    assert_problem(auditor.post(at(dana, "unlock"), BODY), 403, "right_missing")


@pytest.mark.parametrize("body", [{}, {"reason": " "}, {"reason": "r" * 301}, {"reason": 7}])
def test_an_act_needs_a_reason(dana: User, body: dict[str, Any]) -> None:
    lock(dana)
    hal = desk()
    look_up(hal, "username", "dana")
    problem = assert_problem(hal.post(at(dana, "unlock"), body), 400, "body_invalid")
    assert problem["errors"][0]["pointer"] == "/reason"
    assert not notices()


def test_the_only_admin_of_a_group_is_not_closed(contract_a: ActiveContract) -> None:
    sole = make_person("sole")
    make_provider(sole, contract_a)
    olive = caller(StaffRole.OPERATOR)
    look_up(olive, "username", "sole")
    answer = olive.post(at(sole, "deactivate"), BODY)
    assert answer.status_code == 409, answer.content
    assert "only Provider Group Admin" in answer.json()["detail"]
    sole.refresh_from_db()
    assert sole.is_active


def test_an_act_that_is_sent_again_is_done_once(dana: User) -> None:
    hal = desk()
    look_up(hal, "username", "dana")
    first = hal.post(at(dana, "new-password"), BODY, key="k1")
    again = hal.post(at(dana, "new-password"), BODY, key="k1")
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert notices() == ["new_password"]
    other = hal.post(at(dana, "new-password"), {"reason": "another"}, key="k1")
    assert_problem(other, 422, "key_reused")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("role", "act", "tells"),
    [
        (StaffRole.HELP_DESK, "unlock", "unlocked"),
        (StaffRole.OPERATOR, "deactivate", "deactivated"),
    ],
)
def test_of_several_at_once_with_keys_of_their_own_one_acts(
    dana: User, role: StaffRole, act: str, tells: str
) -> None:
    lock(dana)
    callers = [caller(role, name=f"olive{place}") for place in range(4)]
    for one in callers:
        look_up(one, "username", "dana")
    codes = at_once(4, lambda place: callers[place].post(at(dana, act), BODY).status_code)
    assert sorted(codes) == [200, 409, 409, 409]
    assert notices() == [tells]


def test_few_statements(dana: User, contract_a: ActiveContract) -> None:
    lock(dana)
    hal, mia = desk(name="hal"), admin(contract_a, name="mia")
    for one in (hal, mia):
        look_up(one, "username", "dana")
        with CaptureQueriesContext(connection) as made:
            assert one.get(at(dana)).status_code == 200
        assert len(made) <= MOST_STATEMENTS, "\n".join(
            query["sql"][:150] for query in made.captured_queries
        )


# --- Doubles: what these tests would see ---------------------------------------------------------


def test_an_account_that_is_loaded_by_its_id_alone_is_seen(
    dana: User, contract_a: ActiveContract, contract_c: ActiveContract
) -> None:
    """The naive way: who may find accounts reads the one that is named."""
    fails_with(
        "contracts.api.resources.accounts.access_account",
        lambda _staff, key: get_object_or_404(User.objects.with_contracts(), pk=key),
        lambda: test_who_works_elsewhere_is_as_if_they_did_not_exist(dana, contract_a, contract_c),
        where="assert answer.status_code == status",
    )


def test_a_token_that_reads_without_a_look_up_is_seen(dana: User) -> None:
    """The naive way: an id is enough."""
    hal = desk()
    look_up(hal, "username", "dana")
    fails_with(
        "contracts.api.resources.accounts.token_looked_up",
        lambda *_given, **_more: True,
        lambda: assert_problem(caller_for(hal.user).get(at(dana)), 403, "look_up_first"),
        where="assert answer.status_code == status",
    )
