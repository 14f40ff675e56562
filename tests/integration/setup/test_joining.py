"""Ask to join: from right numbers of a registered provider to a role, or to a refusal."""

from datetime import timedelta
from typing import Any

import pytest
from django.shortcuts import get_object_or_404
from django.test import Client

from contracts.registration.models import Journey
from contracts.roster.models import IssuedCode
from core.accounts.models import User
from core.accounts.services.accounts import deactivate_account
from core.audit.models import AuditEvent
from core.common import clock
from core.groups.models import JoinRequest, Membership, Provider, ProviderStatus, Role
from core.groups.services.join_mails import TOLD_EVERY, WAITING_KIND
from core.groups.services.join_requests import (
    REFUSED_FOR,
    REQUEST_LIFE,
    AskedTooOftenError,
    RefusedLatelyError,
    RequestOverError,
    approve_join,
    ask_to_join,
    end_overdue,
    refuse_join,
    withdraw_join,
)
from core.groups.services.memberships import grant_provider_role
from core.groups.services.purging import REQUESTS_KEPT, purge_join_requests
from core.groups.services.roles import ChangedMeanwhileError, RoleNotYoursError, roles_held
from core.notifications.models import LocalMessage, OutboxMessage
from tenants.context import ActiveContract, contract_context
from tests.integration.registration.journeys import CLAIMS
from tests.support.naive import fails_with
from tests.support.people import (
    EVERYWHERE,
    START,
    after,
    deliver_all,
    make_person,
    make_provider,
)
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
LATER = after(hours=1)
CLAIM = CLAIMS["wv-bh"]
HIDDEN = ("Elm", "Head Reed", "head@", "12 Elm Street", "Charleston")


@pytest.fixture
def noor() -> User:
    return make_person("noor")


@pytest.fixture
def hers(noor: User) -> Client:
    client = Client()
    sign_in_directly(client, noor)
    return client


def ask(noor: User, provider: Provider, *, at: Any = LATER, note: str = "") -> JoinRequest:
    return ask_to_join(user=noor, provider_id=provider.id, number="1234567893", note=note, at=at)


def text(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return answer.content.decode()


def mails_to(address: str) -> list[LocalMessage]:
    deliver_all()
    found = LocalMessage.objects.filter(to=address).order_by("sent_at", "id")
    return [one for one in found if not one.code]


def test_from_right_numbers_to_a_role(
    admin: Client, hers: Client, noor: User, elm: Provider
) -> None:
    found = hers.post("/wv-bh/providers/add/", CLAIM)
    page = text(hers, found.headers["Location"])
    assert "Ask to join this provider" in page
    answer = hers.post(found.headers["Location"], {"note": "Front desk"})
    assert answer.headers["Location"] == "/wv-bh/requests/"
    own = text(hers, "/wv-bh/requests/")
    assert "Waiting" in own
    for hidden in HIDDEN:
        assert hidden not in page + own, hidden
    [told] = mails_to("head@clinic.example")
    assert "Noor Reed (noor@clinic.example), for Elm Clinic" in told.text

    queue = text(admin, "/setup/requests/")
    assert "Requests to join (1)" in queue
    assert "Front desk" in queue
    request = JoinRequest.objects.get()
    path = f"/setup/requests/{request.id}/"
    assert "Manages every provider" in text(admin, path)
    admin.post(path, {"act": "approve", "role": "provider_admin"})
    assert roles_held(noor.id, elm) == {"provider_admin"}
    assert "Requests to join (0)" in text(admin, "/setup/requests/")
    [decided] = mails_to("noor@clinic.example")
    assert "You are now Provider Admin of Elm Clinic" in decided.text
    assert "Elm Clinic" in text(hers, "/requests/")
    kinds = ["join_request.sent", "join_request.approved", "membership.granted"]
    events = AuditEvent.objects.filter(event_type__in=kinds, data__account=str(noor.id))
    assert sorted(events.values_list("event_type", flat=True)) == sorted(kinds)


def test_wrong_numbers_lead_nowhere_and_outside_all_refusals_are_one(
    hers: Client, elm: Provider
) -> None:
    wrong = hers.post("/wv-bh/providers/add/", {**CLAIM, "code": "0000000001"})
    assert "could not register" in wrong.content.decode()
    outside = Client().post("/wv-bh/register/", CLAIM)
    assert outside.status_code == 200
    assert "could not register" in outside.content.decode()
    assert not Journey.objects.exists()


def test_who_works_there_is_told_so(admin: Client, head: User, elm: Provider) -> None:
    found = admin.post("/wv-bh/providers/add/", CLAIM)
    assert admin.get(found.headers["Location"]).headers["Location"] == "/wv-bh/home/"
    assert not JoinRequest.objects.exists()


def test_a_used_up_code_still_lets_its_holder_ask(
    hers: Client, head: User, contract_b: ActiveContract
) -> None:
    with contract_context(contract_b):
        # Two locations have this name; the claim is about the one on River Drive.
        codes = IssuedCode.objects.filter(
            entry__name="Harbor Medical Group", entry__address_1="12 River Drive"
        )
        codes.update(uses=1, max_uses=1)
        key = codes.values_list("entry_id", flat=True).get()
    claim, path = CLAIMS["acentra-sample"], "/acentra-sample/providers/add/"
    free = hers.post(path, claim)
    assert "could not register" in free.content.decode()
    provider = make_provider(head, contract_b, name="Harbor Medical Group")
    Provider.objects.filter(pk=provider.id).update(unit_key=str(key))
    found = hers.post(path, claim)
    assert found.headers["Location"].endswith("/join/")


def test_a_refusal_tells_the_reason_and_stands_for_a_week(
    admin: Client, hers: Client, noor: User, elm: Provider
) -> None:
    request = ask(noor, elm, at=clock.now())
    path = f"/setup/requests/{request.id}/"
    assert "Enter the reason" in admin.post(path, {"act": "refuse"}).content.decode()
    admin.post(path, {"act": "refuse", "reason": "You left us in May."})
    assert roles_held(noor.id, elm) == set()
    [mail] = mails_to("noor@clinic.example")
    assert "You left us in May." in mail.text
    own = text(hers, "/requests/")
    assert "You left us in May." in own
    for hidden in HIDDEN:
        assert hidden not in mail.text + own, hidden
    request.refresh_from_db()
    assert request.ended_at is not None
    with pytest.raises(RefusedLatelyError):
        ask(noor, elm, at=request.ended_at + REFUSED_FOR - timedelta(seconds=1))
    assert ask(noor, elm, at=request.ended_at + REFUSED_FOR).state == "open"


def test_sent_twice_it_is_one_request_and_one_mail(noor: User, elm: Provider) -> None:
    assert ask(noor, elm) == ask(noor, elm)
    assert JoinRequest.objects.count() == 1
    assert OutboxMessage.objects.filter(kind=WAITING_KIND).count() == 1


def test_admins_are_mailed_at_most_every_four_hours_and_nobody_is_forgotten(
    noor: User, elm: Provider, chief: User
) -> None:
    ask(noor, elm)
    ask(make_person("zoe"), elm, at=LATER + timedelta(minutes=1))
    waiting = OutboxMessage.objects.filter(kind=WAITING_KIND)
    assert set(waiting.values_list("to", flat=True)) == {
        "head@clinic.example",
        "chief@clinic.example",
    }
    end_overdue(at=LATER + TOLD_EVERY - timedelta(seconds=1))
    assert waiting.count() == 2
    for _ in range(2):
        end_overdue(at=LATER + TOLD_EVERY)
    assert waiting.count() == 4


def test_ten_requests_a_day(noor: User, elm: Provider) -> None:
    for _ in range(10):
        withdraw_join(request_id=ask(noor, elm).id, by=noor.id, at=LATER)
    with pytest.raises(AskedTooOftenError):
        ask(noor, elm)


def close_account(noor: User, _elm: Provider, head: User) -> None:
    deactivate_account(user_id=noor.id, reason="left", by=head.id, at=LATER)


def give_up(_noor: User, elm: Provider, _head: User) -> None:
    Provider.objects.filter(pk=elm.pk).update(status=ProviderStatus.ENDED, ended_at=LATER)


def add_meanwhile(noor: User, elm: Provider, head: User) -> None:
    grant_provider_role(user=noor, provider=elm, role=Role.STAFF, by=head.id, at=LATER)


@pytest.mark.parametrize(
    ("change", "mails"), [(close_account, 0), (give_up, 1), (add_meanwhile, 1)]
)
def test_what_changed_meanwhile_ends_the_request(
    change: Any, mails: int, noor: User, elm: Provider, head: User
) -> None:
    request = ask(noor, elm)
    change(noor, elm, head)
    held = Membership.objects.count()
    with pytest.raises(RequestOverError):
        approve_join(
            request_id=request.id, role=Role.STAFF, by=head.id, entered=EVERYWHERE, at=LATER
        )
    assert Membership.objects.count() == held
    assert end_overdue(at=LATER) == 1
    assert end_overdue(at=LATER) == 0
    request.refresh_from_db()
    assert (request.state, request.role) == ("void", "")
    assert len(mails_to("noor@clinic.example")) == mails


def test_nobody_answers_and_the_person_is_told(noor: User, elm: Provider) -> None:
    request = ask(noor, elm)
    assert end_overdue(at=request.expires_at - timedelta(seconds=1)) == 0
    assert end_overdue(at=LATER + REQUEST_LIFE) == 1
    [mail] = mails_to("noor@clinic.example")
    assert "Nobody has answered" in mail.text
    assert "Elm" not in mail.text
    request.refresh_from_db()
    assert request.ended_at is not None
    assert purge_join_requests(at=request.ended_at + REQUESTS_KEPT) == 0
    assert purge_join_requests(at=request.ended_at + REQUESTS_KEPT + timedelta(seconds=1)) == 1


def test_requests_of_others_are_not_found_and_nothing_changes(
    admin: Client, noor: User, stranger_provider: Provider
) -> None:
    request = ask(noor, stranger_provider)
    path = f"/setup/requests/{request.id}/"
    assert "Requests to join (0)" in text(admin, "/setup/requests/")
    for data in ({"act": "approve", "role": "staff"}, {"act": "refuse", "reason": "no"}):
        assert admin.post(path, data).status_code == 404
    assert admin.get(path).status_code == 404
    assert admin.post(f"/requests/{request.id}/withdraw/").status_code == 404
    request.refresh_from_db()
    assert request.state == "open"


def test_a_provider_admin_approves_up_to_their_own_role(
    noor: User, elm: Provider, chief: User, dana: User
) -> None:
    request = ask(noor, elm)
    client = Client()
    sign_in_directly(client, chief)
    path = f"/setup/requests/{request.id}/"
    assert "Manages every provider" not in text(client, path)
    assert "choice" in client.post(path, {"act": "approve", "role": "group_admin"}).content.decode()
    with pytest.raises(RoleNotYoursError):
        approve_join(
            request_id=request.id, role=Role.GROUP_ADMIN, by=chief.id, entered=EVERYWHERE, at=LATER
        )
    for nobody in (dana, make_person("stranger")):
        with pytest.raises(ChangedMeanwhileError):
            approve_join(
                request_id=request.id, role=Role.STAFF, by=nobody.id, entered=EVERYWHERE, at=LATER
            )
        with pytest.raises(ChangedMeanwhileError):
            refuse_join(request_id=request.id, reason="no", by=nobody.id, at=LATER)
    assert roles_held(noor.id, elm) == set()
    client.post(path, {"act": "approve", "role": "staff"})
    assert roles_held(noor.id, elm) == {"staff"}


def test_an_old_page_says_that_somebody_was_faster(
    admin: Client, noor: User, elm: Provider, chief: User
) -> None:
    request = ask(noor, elm)
    refuse_join(request_id=request.id, reason="not ours", by=chief.id, at=LATER)
    path = f"/setup/requests/{request.id}/"
    answer = admin.post(path, {"act": "approve", "role": "staff"}, follow=True)
    page = answer.content.decode()
    assert "Nothing was done" in page
    assert "not ours" in page
    assert roles_held(noor.id, elm) == set()


def test_one_takes_back_what_one_asked(hers: Client, noor: User, elm: Provider) -> None:
    request = ask(noor, elm, at=START)
    for _ in range(2):
        assert hers.post(f"/requests/{request.id}/withdraw/").headers["Location"] == "/requests/"
    request.refresh_from_db()
    assert request.state == "withdrawn"
    assert AuditEvent.objects.filter(event_type="join_request.withdrawn").count() == 1


def test_a_request_that_is_looked_up_by_its_key_would_be_anybodys(
    admin: Client, noor: User, stranger_provider: Provider
) -> None:
    """The naive way: the queue shows one's own, and its links lead to them."""
    fails_with(
        "core.groups.views.joining.access_reached_request",
        lambda _reach, key: get_object_or_404(JoinRequest, pk=key),
        lambda: test_requests_of_others_are_not_found_and_nothing_changes(
            admin, noor, stranger_provider
        ),
        where="assert admin.post(path, data).status_code == 404",
    )
