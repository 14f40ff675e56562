"""What staff had typed survives a session that ran out, or a confirmation that comes between."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from contracts.registration.models import PendingRegistration
from core.accounts.models import TypedForm, User
from core.audit.models import AuditEvent
from core.mfa.models import HelpRequest
from core.staff.models import StaffRole
from tenants.context import ActiveContract
from tests.integration.account.test_typed_forms import run_out
from tests.integration.registration.journeys import Journey
from tests.integration.staff.test_api_tokens import FORM
from tests.integration.staff.test_desk import lock, search
from tests.integration.staff.test_desk_queue import asked_for
from tests.support.people import PASSWORD, last_code, make_person, make_provider
from tests.support.sign_in import age_sign_in, sign_in_directly
from tests.support.staff import make_staff, staff_client

pytestmark = pytest.mark.django_db
TYPED = "ticket 4712, called back"
BACK = "What you had typed is back"


@pytest.fixture
def dana(contract_a: ActiveContract) -> User:
    user = make_person("dana")
    make_provider(user, contract_a, identifier="1245319599")
    return user


@pytest.fixture
def olive() -> User:
    return make_staff(StaffRole.HELP_DESK)


@pytest.fixture
def desk(client: Client, olive: User) -> Client:
    sign_in_directly(client, olive, option="phone")
    return client


def find_page(_dana: User) -> tuple[str, str]:
    return "/staff/accounts/", ""


def act_page(dana: User) -> tuple[str, str]:
    lock(dana)
    return f"/staff/accounts/{dana.id}/unlock/", dana.email


def registration_page(_dana: User) -> tuple[str, str]:
    Journey("wv-bh").start().inform().submit()
    pending = PendingRegistration.objects.get()
    return f"/staff/registrations/{pending.id}/", pending.email


def request_page(dana: User) -> tuple[str, str]:
    return f"/staff/requests/{asked_for(None, dana.email).id}/", ""


@pytest.mark.parametrize(
    ("begin", "typed"),
    [
        (find_page, {"by": "username", "value": "dana", "contract": "", "reason": TYPED}),
        (act_page, {"reason": TYPED}),
        (registration_page, {"reason": TYPED}),
        (request_page, {"outcome": TYPED}),
    ],
)
def test_forms_come_back_and_nothing_is_done(
    desk: Client,
    olive: User,
    dana: User,
    begin: Callable[[User], tuple[str, str]],
    typed: dict[str, str],
) -> None:
    path, looked_up = begin(dana)
    if looked_up:
        search(desk, "email", looked_up)
    assert "data-keeps-typed" in desk.get(path).content.decode()
    run_out(desk)
    assert desk.post(path, typed).headers["Location"].startswith("/?next=%2Fstaff%2F")
    sign_in_directly(desk, olive, option="phone")
    if looked_up:
        search(desk, "email", looked_up)
    page = desk.get(path).content.decode()
    assert BACK in page
    assert all(value in page for value in typed.values())
    assert BACK not in desk.get(path).content.decode()
    assert not AuditEvent.objects.filter(data__reason=TYPED).exists()
    assert not HelpRequest.objects.filter(closed_at__isnull=False).exists()


def test_the_reason_of_an_act_comes_back_after_a_confirmation(
    desk: Client, olive: User, dana: User
) -> None:
    search(desk, "email", dana.email)
    path = f"/staff/accounts/{dana.id}/reset_registration/"
    age_sign_in(desk)
    led = desk.post(path, {"reason": TYPED}).headers["Location"]
    assert led.startswith("/confirm/")
    desk.post(led, {"password": PASSWORD})
    desk.post("/confirm/verify/", {"action": "send", "channel": "sms"})
    number = olive.factors.get(kind="phone").phone
    back = desk.post("/confirm/verify/", {"action": "verify", "code": last_code(number)})
    assert back.headers["Location"] == path
    page = desk.get(path).content.decode()
    assert BACK in page
    assert TYPED in page
    assert dana.factors.count() == 2


def test_nothing_is_kept_for_who_is_no_staff(client: Client, dana: User) -> None:
    assert client.post("/staff/accounts/", {"value": "dana"}).status_code == 302
    assert not TypedForm.objects.exists()


def test_all_that_was_ticked_is_back_after_elevated_rights(
    contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    client = staff_client(StaffRole.OPERATOR)
    client.post("/staff/elevated-rights/give-up/")
    ticked = ["contracts.view", "contracts.publish", "roster.view"]
    programs = [str(contract_a.id), str(contract_b.id)]
    client.post("/staff/tokens/new/", {**FORM, "rights": ticked, "contracts": programs})
    page = client.get("/staff/tokens/new/").content.decode()
    boxes = re.findall(r'<input type="checkbox"[^>]*value="([^"]+)"[^>]*checked', page)
    assert set(boxes) == {*ticked, *programs}
