"""Rights that nobody of staff holds all day: asked for, limited, seen, gone with the session."""

import html
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from pydantic import ValidationError

from core.audit.models import AuditEvent
from core.common import clock
from core.common.http import BACKGROUND_HEADER, STOP_ASKING
from core.common.ids import uuid7
from core.staff.models import ElevationEnd, StaffElevation, StaffInvitation, StaffRole
from core.staff.services.elevating import begin_elevation, end_elevations
from core.staff.services.purging import purge_elevations
from tenants.configuration.staff import ElevationSection
from tenants.context import ActiveContract
from tests.support.naive import fails_with
from tests.support.people import make_person
from tests.support.sign_in import sign_in_directly
from tests.support.staff import make_staff
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db
ASK, GIVE_UP = "/staff/elevated-rights/", "/staff/elevated-rights/give-up/"
INVITE, HOME = "/staff/members/invite/", "/staff/"
INVITATION = {
    "email": "new@example.org",
    "role": "auditor",
    "contract": "everywhere",
    "reason": "Starts on Monday",
}
HOLDS = "You hold elevated rights."


def signed_in(
    role: StaffRole = StaffRole.OPERATOR, contract: ActiveContract | None = None
) -> Client:
    """Return a browser in which staff have just signed in, without elevated rights."""
    client = Client()
    sign_in_directly(client, make_staff(role, contract), option="phone", elevated=False)
    return client


def tab_of(client: Client) -> Client:
    """Return another tab of the same browser."""
    other = Client()
    other.cookies = client.cookies
    return other


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer
    return str(answer.content.decode())


def ask(client: Client, next_path: str = INVITE) -> str:
    answer = client.post(ASK, {"reason": "A new colleague", "next": next_path})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer.headers["Location"])


def led_to_asking(client: Client, path: str = INVITE) -> dict[str, list[str]]:
    """See that a page leads to the one that gives the rights; returns the query."""
    answer = client.get(path)
    assert answer.status_code == 302, answer
    target = urlsplit(answer.headers["Location"])
    assert target.path == ASK
    return parse_qs(target.query)


def test_what_is_dangerous_asks_for_a_reason_once_and_is_open_then() -> None:
    client = signed_in()
    assert HOLDS not in page(client, HOME)
    assert led_to_asking(client) == {"next": [INVITE], "for": ["staff.manage"]}
    shown = page(client, f"{ASK}?next={INVITE}")
    assert "Appoint and dismiss staff" in shown
    assert "30 minutes" in shown
    assert "Error:" in client.post(ASK, {"reason": "", "next": INVITE}).content.decode()
    assert not StaffElevation.objects.exists()
    assert ask(client) == INVITE
    assert HOLDS in page(client, INVITE)
    # One prompt and no other: the sign-in that gave the rights is fresh for the act, too.
    assert client.post(INVITE, INVITATION).headers["Location"] == "/staff/members/"
    assert StaffInvitation.objects.filter(email="new@example.org").exists()
    held = StaffElevation.objects.get()
    began = AuditEvent.objects.get(event_type="staff_elevation.began")
    assert began.data["reason"] == "A new colleague"
    assert held.until - held.began_at == timedelta(minutes=30)
    done = AuditEvent.objects.get(event_type="staff_invitation.sent")
    assert done.data["elevation"] == str(held.id)


def test_it_is_seen_on_every_page_of_the_browser_and_in_no_other() -> None:
    client = signed_in()
    ask(client)
    for path in (HOME, "/home/", "/account/", "/wv-bh/login/email/"):
        answer = client.get(path)
        if answer.status_code == 200:
            assert HOLDS in answer.content.decode(), path
    assert HOLDS in page(tab_of(client), HOME)
    other = Client()
    sign_in_directly(other, StaffElevation.objects.get().user, option="phone", elevated=False)
    assert HOLDS not in page(other, HOME)
    led_to_asking(other)


def test_the_rights_end_on_the_second() -> None:
    client = signed_in()
    ask(client)
    held = StaffElevation.objects.get()
    assert held.holds(held.until - timedelta(microseconds=1))
    assert not held.holds(held.until)
    StaffElevation.objects.update(began_at=clock.now() - timedelta(minutes=30), until=clock.now())
    led_to_asking(client)
    assert HOLDS not in page(client, HOME)
    assert ask(client) == INVITE
    assert StaffElevation.objects.filter(ended_how=ElevationEnd.TIME_OVER).count() == 1


def test_a_page_that_is_sent_after_the_end_loses_nothing_and_does_nothing() -> None:
    client, other = (first := signed_in()), tab_of(first)
    ask(client)
    page(client, INVITE)
    assert other.post(GIVE_UP).headers["Location"] == HOME
    stale = client.post(INVITE, INVITATION)
    led = stale.headers["Location"]
    assert parse_qs(urlsplit(led).query) == {
        "next": [INVITE],
        "for": ["staff.manage"],
        "lost": ["1"],
    }
    assert not StaffInvitation.objects.exists()
    asks = page(client, led)
    assert "Your elevated rights have ended: nothing was done yet" in asks
    assert "You need them to <strong>appoint and dismiss staff</strong>" in asks
    assert ask(client) == INVITE
    back = page(client, INVITE)
    assert "new@example.org" in back
    assert "Starts on Monday" in back
    ended = AuditEvent.objects.get(event_type="staff_elevation.ended")
    assert ended.result == ElevationEnd.GIVEN_UP


def test_who_never_held_them_is_not_told_that_they_ended() -> None:
    client = signed_in()
    asks = page(client, client.post(INVITE, INVITATION).headers["Location"])
    assert "This takes elevated rights." in asks
    assert "have ended" not in asks
    assert "You need them to" not in page(client, f"{ASK}?for=roster.view"), "not one of these"


def test_the_form_of_a_token_names_rights_and_says_which_wait_for_these() -> None:
    client = signed_in()
    asks = client.get("/staff/tokens/new/").content.decode()
    assert "<code>contracts.publish</code> (needs elevated rights)" in asks
    assert "<code>contracts.view</code> (needs" not in asks
    assert "audit.view" not in asks, "operators read no trail"
    ways = re.findall(r'href="(/staff/elevated-rights/[^"]+)"', asks)
    assert len(ways) == 1
    after = client.post(html.unescape(ways[0]), {"reason": "A token", "next": "/staff/tokens/new/"})
    assert after.headers["Location"] == "/staff/tokens/new/"
    shown = client.get("/staff/tokens/new/").content.decode()
    assert "<code>contracts.publish</code>" in shown
    assert "needs elevated rights" not in shown


def test_giving_up_is_pressed_twice_and_by_who_holds_nothing() -> None:
    client = signed_in()
    assert client.post(GIVE_UP).headers["Location"] == HOME
    ask(client)
    client.post(GIVE_UP)
    client.post(GIVE_UP)
    assert AuditEvent.objects.filter(event_type="staff_elevation.ended").count() == 1
    assert HOLDS not in page(client, HOME)


def test_they_end_with_the_session_and_the_audit_says_so() -> None:
    client = signed_in()
    ask(client)
    assert end_elevations(at=clock.now()) == 0
    client.post("/logout/")
    assert end_elevations(at=clock.now()) == 1
    ended = AuditEvent.objects.get(event_type="staff_elevation.ended")
    assert ended.result == ElevationEnd.SESSION_OVER
    user = StaffElevation.objects.get().user
    assert purge_elevations(at=clock.now() + timedelta(days=29)) == 0
    assert purge_elevations(at=clock.now() + timedelta(days=31)) == 1
    again = Client()
    sign_in_directly(again, user, option="phone", elevated=False)
    led_to_asking(again)


def test_asking_needs_a_fresh_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in()
    later = clock.now() + timedelta(minutes=6)
    monkeypatch.setattr(clock, "now", lambda: later)
    led = client.get(f"{ASK}?next={INVITE}").headers["Location"]
    assert led.startswith("/confirm/")
    assert client.post(ASK, {"reason": "So"}).headers["Location"].startswith("/confirm/")
    assert not StaffElevation.objects.exists()


def test_who_has_nothing_to_ask_for_is_not_asked(contract_a: ActiveContract) -> None:
    desk = signed_in(StaffRole.HELP_DESK, contract_a)
    assert desk.get(ASK).status_code == desk.post(ASK, {"reason": "So"}).status_code == 403
    assert desk.get(INVITE).status_code == 403
    assert HOLDS not in page(desk, HOME)


def test_a_page_that_asks_by_itself_stays_as_it_is_after_the_end() -> None:
    asked = signed_in().get(INVITE, headers={BACKGROUND_HEADER: "1"})
    assert asked.status_code == STOP_ASKING


def test_a_deployment_whose_list_is_empty_asks_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.staff.elevation.elevated_permissions", frozenset)
    client = signed_in()
    assert client.get(INVITE).status_code == 200
    assert client.get(ASK).status_code == 403


@pytest.mark.parametrize(
    ("minutes", "permissions"),
    [(4, ["staff.manage"]), (241, ["staff.manage"]), (30, ["staff.manage", "staff.manage"])],
)
def test_a_document_says_for_how_long_within_bounds(minutes: int, permissions: list[str]) -> None:
    with pytest.raises(ValidationError):
        ElevationSection(minutes=minutes, permissions=permissions)


def test_no_foreign_page_follows() -> None:
    assert ask(signed_in(), "https://elsewhere.example.org/") == HOME


def test_a_permission_of_a_contract_asks_for_it_too() -> None:
    """The one who checks is not the door, but the access function of the contract."""
    client = signed_in()
    assert led_to_asking(client, "/staff/contracts/wv-bh/revisions/1/rollback/")
    ask(client)
    back = client.get("/staff/contracts/wv-bh/revisions/1/rollback/")
    assert ASK not in back.headers.get("Location", "")


def test_without_the_door_the_rights_of_a_role_are_open_all_day() -> None:
    fails_with(
        "core.staff.elevation.is_missing",
        lambda staff, permission: False,
        lambda: led_to_asking(signed_in()),
        where="assert answer.status_code == 302",
    )


@pytest.mark.django_db(transaction=True)
def test_asked_for_many_times_at_once_they_begin_once() -> None:
    user, sign_in, at = make_person("olive"), uuid7(), clock.now()

    def begin(place: int) -> object:
        return begin_elevation(user_id=user.id, sign_in=sign_in, reason="So", at=at).id

    assert len(set(at_once(6, begin))) == 1
    assert AuditEvent.objects.filter(event_type="staff_elevation.began").count() == 1
