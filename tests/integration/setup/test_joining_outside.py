"""Ask to join without an account: nobody outside learns whether a provider is registered."""

import re
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import Q, QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contracts.registration.models import JoinOffer
from contracts.registration.services.asking import OFFER_LIFE, TYPED_LIFE, pass_on, take_offer
from contracts.registration.services.reservations import release_expired
from core.accounts.models import User
from core.common import clock
from core.groups.models import Invitation, JoinRequest, Provider, ProviderGroup, Role
from core.groups.services import join_requests
from core.groups.services.holding import hold_groups
from core.groups.services.join_requests import (
    FROM_OUTSIDE,
    REFUSED_FOR,
    REQUEST_LIFE,
    Asker,
    RequestOverError,
    approve_join,
    ask_from_outside,
    ask_to_join,
    end_overdue,
    refuse_join,
)
from core.notifications.models import LocalMessage, OutboxMessage
from tenants.context import ActiveContract
from tests.integration.registration.journeys import CLAIMS, text_of
from tests.support.naive import fails_with
from tests.support.people import EVERYWHERE, after, deliver_all, make_person, make_provider

pytestmark = pytest.mark.django_db
LATER = after(hours=1)
RIGHT = CLAIMS["wv-bh"]
WRONG = {**RIGHT, "code": "0000000001"}
TYPED = {
    "first_name": "Noor",
    "last_name": "Haddad",
    "email": "noor@office.example",
    "confirm_email": "noor@office.example",
    "note": "Front desk",
}


def offered(client: Client, claim: object) -> tuple[str, str]:
    """Return the words of the refusal, and the page that it leads to."""
    answer = client.post("/wv-bh/register/", claim)
    assert answer.status_code == 200
    found = re.search(r"/wv-bh/register/join/[0-9a-f-]{36}/", answer.content.decode())
    assert found is not None
    return text_of(answer), found[0]


def ask(client: Client, path: str, **changes: str) -> list[str]:
    """Send the form; return the kinds of statement that this takes."""
    with CaptureQueriesContext(connection) as queries:
        assert client.post(path, TYPED | changes).status_code == 302
    return [" ".join(re.findall(r'^\w+|(?:FROM|INTO|UPDATE) "\w+"', query["sql"]))
            for query in queries.captured_queries]  # fmt: skip


def request_from(email: str, provider: Provider) -> JoinRequest:
    [made] = ask_from_outside(
        asker=Asker(email, "Noor", "Haddad"), provider_ids=[provider.id], at=LATER
    )
    return made


def mails_to(address: str) -> list[LocalMessage]:
    deliver_all()
    deliver_all()
    return list(LocalMessage.objects.filter(to=address).order_by("sent_at", "id"))


def test_right_and_wrong_numbers_look_and_work_the_same(elm: Provider) -> None:
    words, pages, statements = set(), set(), []
    for claim in (RIGHT, WRONG):
        client = Client()
        said, path = offered(client, claim)
        words.add(said)
        pages.add(text_of(client.get(path)))
        statements.append(ask(client, path))
        pages.add(text_of(client.get(path)))
    assert len(words) == 1
    assert len(pages) == 2
    assert statements[0] == statements[1]
    assert not JoinRequest.objects.exists()
    deliver_all()
    assert [one.provider for one in JoinRequest.objects.all()] == [elm]
    assert not LocalMessage.objects.filter(to=TYPED["email"]).exists()


def test_from_a_refusal_to_an_invitation(admin: Client, elm: Provider) -> None:
    client = Client()
    _words, path = offered(client, RIGHT)
    assert "not the same" in text_of(client.post(path, TYPED | {"confirm_email": "x@y.example"}))
    for _ in range(2):
        client.post(path, TYPED)
    assert OutboxMessage.objects.filter(kind="registration_join_asked").count() == 1
    [told] = [one for one in mails_to("head@clinic.example") if not one.code]
    assert "Noor Haddad (noor@office.example), for Elm Clinic" in told.text
    asked = JoinRequest.objects.get()
    offer = JoinOffer.objects.get()
    assert (offer.email, offer.first_name, offer.note) == ("", "", "")

    page = admin.get(f"/setup/requests/{asked.id}/").content.decode()
    assert "not proven" in page
    assert 'value="approve"' not in page
    form = f"/setup/requests/{asked.id}/new-user/"
    assert 'value="noor@office.example"' in admin.get(form).content.decode()
    typed = {**TYPED, "username": "noor.h", "fax": "304-555-0133", "role": "staff"}
    answer = admin.post(form, typed)
    invitation = Invitation.objects.get()
    assert answer.headers["Location"] == f"/setup/invitations/{invitation.id}/"
    asked.refresh_from_db()
    assert (asked.state, asked.role) == ("approved", "staff")
    [mail] = mails_to("noor@office.example")
    assert mail.subject == "Head Reed invites you to Elm Clinic"
    again = admin.post(form, typed | {"username": "noor.i"})
    assert again.headers["Location"] == f"/setup/requests/{asked.id}/"
    assert Invitation.objects.count() == 1


def test_a_refusal_is_mailed_without_a_name_and_an_end_without_an_answer_is_not(
    admin: Client, elm: Provider
) -> None:
    asked = request_from("noor@office.example", elm)
    admin.post(f"/setup/requests/{asked.id}/", {"act": "refuse", "reason": "Nobody knows you."})
    [mail] = mails_to("noor@office.example")
    assert "Nobody knows you." in mail.text
    for hidden in ("Elm", "Head", "Charleston"):
        assert hidden not in mail.text
    request_from("zoe@office.example", elm)
    assert end_overdue(at=LATER + REQUEST_LIFE) == 1
    assert mails_to("zoe@office.example") == []


def test_an_address_asks_once_and_a_provider_takes_five(elm: Provider) -> None:
    request_from("noor@office.example", elm)
    asker = Asker("NOOR@office.example", "Noor", "Haddad")
    assert ask_from_outside(asker=asker, provider_ids=[elm.id], at=LATER) == []
    for place in range(FROM_OUTSIDE - 1):
        request_from(f"x{place}@office.example", elm)
    one_more = Asker("y@office.example", "Y", "Y")
    assert ask_from_outside(asker=one_more, provider_ids=[elm.id], at=LATER) == []
    assert JoinRequest.objects.count() == FROM_OUTSIDE


def test_who_has_no_account_gets_no_role_and_who_has_one_no_invitation(
    admin: Client, head: User, elm: Provider, stranger_provider: Provider
) -> None:
    asked = request_from("noor@office.example", elm)
    with pytest.raises(RequestOverError):
        approve_join(request_id=asked.id, role=Role.STAFF, by=head.id, entered=EVERYWHERE, at=LATER)
    noor = make_person("noor")
    own = ask_to_join(user=noor, provider_id=elm.id, number="", note="", at=LATER)
    answer = admin.get(f"/setup/requests/{own.id}/new-user/")
    assert answer.headers["Location"] == f"/setup/requests/{own.id}/"
    foreign = request_from("zoe@office.example", stranger_provider)
    path = f"/setup/requests/{foreign.id}/new-user/"
    typed = {**TYPED, "username": "noor.h", "role": "staff"}
    assert admin.get(path).status_code == admin.post(path, typed).status_code == 404
    assert not Invitation.objects.exists()


def test_what_was_typed_at_the_last_moment_waits_for_a_worker_who_is_late(elm: Provider) -> None:
    offered(Client(), RIGHT)
    offer = JoinOffer.objects.get()
    last = offer.expires_at - timedelta(seconds=1)
    asker = Asker("noor@office.example", "Noor", "Haddad")
    take_offer(offer_id=offer.id, asker=asker, at=last)
    release_expired(at=last + OFFER_LIFE)
    deliver_all()
    assert JoinRequest.objects.get().email == "noor@office.example"
    release_expired(at=last + TYPED_LIFE)
    assert not JoinOffer.objects.exists()


def test_an_offer_is_over_after_an_hour_and_goes(elm: Provider) -> None:
    client = Client()
    _words, path = offered(client, RIGHT)
    JoinOffer.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    assert client.get(path).headers["Location"] == "/wv-bh/register/?ended=1"
    assert client.post(path, TYPED).headers["Location"] == "/wv-bh/register/?ended=1"
    assert not OutboxMessage.objects.exists()
    release_expired(at=clock.now() + OFFER_LIFE)
    assert not JoinOffer.objects.exists()


def test_groups_are_held_in_the_order_of_all_who_hold_several(
    head: User,
    elm: Provider,
    stranger_provider: Provider,
    contract_a: ActiveContract,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    late = make_provider(head, contract_a, identifier="1000000038", name="Oak Clinic")
    assert elm.group_id < stranger_provider.group_id
    assert stranger_provider.id < late.id
    held: list[UUID] = []

    def hold(keys: QuerySet[Provider, UUID]) -> list[ProviderGroup]:
        groups = hold_groups(keys)
        held.extend(one.id for one in groups)
        return groups

    monkeypatch.setattr(join_requests, "hold_groups", hold)
    ask_from_outside(
        asker=Asker("noor@office.example", "Noor", "Haddad"),
        provider_ids=[late.id, stranger_provider.id],
        at=LATER,
    )
    assert held == [elm.group_id, stranger_provider.group_id]


def test_a_refused_address_does_not_ask_the_same_provider_again_for_a_week(
    elm: Provider, head: User, stranger_provider: Provider
) -> None:
    refused = request_from("noor@office.example", elm)
    refuse_join(request_id=refused.id, reason="nobody knows them", by=head.id, at=LATER)
    again = Asker("Noor@Office.example", "Nora", "Hadad")
    wanted = [elm.id, stranger_provider.id]
    soon = LATER + REFUSED_FOR - timedelta(minutes=1)
    [other] = ask_from_outside(asker=again, provider_ids=wanted, at=soon)
    assert other.provider == stranger_provider
    [asked] = ask_from_outside(asker=again, provider_ids=[elm.id], at=LATER + REFUSED_FOR)
    assert asked.provider == elm


def test_nor_does_somebody_whose_account_was_refused_by_signing_out(
    elm: Provider, head: User
) -> None:
    noor = make_person("noor")
    asked = ask_to_join(user=noor, provider_id=elm.id, number="", note="", at=LATER)
    refuse_join(request_id=asked.id, reason="nobody knows them", by=head.id, at=LATER)
    asker = Asker(noor.email.upper(), "Noor", "Haddad")
    assert ask_from_outside(asker=asker, provider_ids=[elm.id], at=LATER) == []


def test_what_somebody_typed_outside_keeps_no_account_from_asking(
    elm: Provider, head: User
) -> None:
    noor = make_person("noor")
    refused = request_from(noor.email, elm)
    refuse_join(request_id=refused.id, reason="nobody knows them", by=head.id, at=LATER)
    asked = ask_to_join(user=noor, provider_id=elm.id, number="", note="", at=LATER)
    assert asked.user == noor


def test_passing_on_at_once_would_tell_by_the_work(elm: Provider) -> None:
    """The naive way: the request to join is made while the person waits for the page."""

    def naive(*, offer_id: UUID, asker: Asker, at: datetime) -> None:
        take_offer(offer_id=offer_id, asker=asker, at=at)
        pass_on(offer_id=offer_id, at=at)

    fails_with(
        "contracts.registration.views.asking.take_offer",
        naive,
        lambda: test_right_and_wrong_numbers_look_and_work_the_same(elm),
        where="assert statements[0] == statements[1]",
    )


def test_a_refusal_that_ends_with_its_request_would_not_stand(elm: Provider, head: User) -> None:
    """The naive way: who waits already does not ask again, and nobody else is kept from it."""
    fails_with(
        "core.groups.services.join_requests._refused_lately",
        lambda _at: Q(pk__in=[]),
        lambda: test_nor_does_somebody_whose_account_was_refused_by_signing_out(elm, head),
        where="assert ask_from_outside(",
    )
