"""What the pages offer when a channel is down, and whom they tell that mail came back."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.test import Client

from core.accounts.models import User
from core.common import clock
from core.mfa.models import Challenge
from core.notifications.models import OutboxMessage
from core.notifications.reports import DeliveryReport, Fate
from core.notifications.selectors import find_suppression
from core.notifications.services import breaker
from core.notifications.services.feedback import record_report
from core.notifications.services.suppression import suppress
from core.notifications.states import Channel, SuppressionReason
from tenants.context import ActiveContract
from tests.support.people import (
    PASSWORD,
    PHONE,
    deliver_all,
    last_code,
    make_person,
    make_provider,
    session_account,
    sign_in_by_email,
)
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
VERIFY = "/login/verify/"
NO_TEXTS = "Text messages are not going out at the moment"
CALL_BUTTON = 'ds-c-button--solid" name="channel" value="voice">Call me instead'
TEXT_BUTTON = 'ds-c-button--solid" name="channel" value="sms">Send a code by text instead'
CAME_BACK = "Mail to your address came back"


def take_down(*channels: str) -> None:
    for channel in channels:
        for _ in range(breaker.FAILURES):
            breaker.note_failure(channel=channel, at=clock.now())


def begin(client: Client, user: User, option: str = "phone") -> None:
    client.post(f"/login/{option}/", {"email": user.email, "password": PASSWORD})


def page_after_asking(client: Client, channel: str) -> str:
    client.post(VERIFY, {"action": "send", "channel": channel})
    deliver_all()
    return client.get(VERIFY).content.decode()


def bounce_mail_of(user: User, reason: SuppressionReason = SuppressionReason.BOUNCE) -> None:
    suppress(address=user.email, reason=reason, at=clock.now() - timedelta(minutes=1))


def test_while_texts_are_down_a_call_is_offered_and_works(client: Client) -> None:
    begin(client, make_person())
    take_down("sms")
    page = page_after_asking(client, "sms")
    assert NO_TEXTS in page
    assert CALL_BUTTON in page
    Challenge.objects.update(requested_at=clock.now() - timedelta(minutes=1))
    page = page_after_asking(client, "voice")
    assert "We are calling" in page
    assert NO_TEXTS not in page


def test_while_calls_are_down_a_text_is_offered(client: Client) -> None:
    begin(client, make_person())
    take_down("voice")
    page = page_after_asking(client, "voice")
    assert "Calls are not going out at the moment" in page
    assert TEXT_BUTTON in page


@pytest.mark.parametrize(("has_provider", "offered"), [(True, True), (False, False)])
def test_with_both_down_mail_is_offered_where_the_contract_accepts_it(
    client: Client, contract_a: ActiveContract, has_provider: bool, offered: bool
) -> None:
    """The sample contract accepts e-mail; the deployment, for who has no provider, does not."""
    user = make_person()
    if has_provider:
        make_provider(user, contract_a)
    begin(client, user)
    take_down("sms", "voice")
    page = page_after_asking(client, "sms")
    assert NO_TEXTS in page
    assert CALL_BUTTON not in page
    assert ("Code to your e-mail address" in page) is offered


def test_while_mail_is_down_the_other_ways_of_the_account_are_offered(client: Client) -> None:
    begin(client, make_person(), "email")
    take_down("email")
    page = page_after_asking(client, "email")
    assert "Mail is not going out at the moment" in page
    assert "Text or call to your phone" in page


def test_the_other_option_can_be_taken_and_finished(client: Client) -> None:
    user = make_person()
    begin(client, user, "email")
    take_down("email")
    page_after_asking(client, "email")
    client.post(VERIFY, {"action": "option", "option": "phone"})
    Challenge.objects.update(requested_at=clock.now() - timedelta(minutes=1))
    page_after_asking(client, "sms")
    client.post(VERIFY, {"action": "verify", "code": last_code(PHONE)})
    assert session_account(client) == user.id


def test_while_the_chosen_option_works_the_other_cannot_be_taken(client: Client) -> None:
    begin(client, make_person(), "email")
    page_after_asking(client, "email")
    client.post(VERIFY, {"action": "option", "option": "phone"})
    page = client.get(VERIFY).content.decode()
    assert "Verify your e-mail address" in page
    assert "Text or call to your phone" not in page


def test_a_phone_that_can_still_be_called_is_no_reason_for_mail(client: Client) -> None:
    begin(client, make_person())
    take_down("sms")
    page = page_after_asking(client, "sms")
    assert "Code to your e-mail address" not in page
    client.post(VERIFY, {"action": "option", "option": "email"})
    assert "We can send a code by text, or call" in client.get(VERIFY).content.decode()


def test_where_all_is_well_nothing_is_said(client: Client) -> None:
    begin(client, make_person())
    page = page_after_asking(client, "sms")
    assert "not going out" not in page
    assert CALL_BUTTON not in page


def test_a_code_that_waited_works_when_the_channel_works_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = make_person()
    begin(client, user)
    take_down("sms")
    assert NO_TEXTS in page_after_asking(client, "sms")
    later = clock.now() + timedelta(seconds=31)
    monkeypatch.setattr(clock, "now", lambda: later)
    client.post(VERIFY, {"action": "verify", "code": last_code(PHONE)})
    assert session_account(client) == user.id


def reported(message: OutboxMessage, at: datetime) -> DeliveryReport:
    return DeliveryReport(
        channel=Channel(message.channel),
        fate=Fate.BOUNCED,
        message_id=message.id,
        reference=message.provider_reference,
        addresses=(message.to,),
        reason="TEXT_CARRIER_UNREACHABLE",
        at=at,
    )


def test_a_code_that_came_back_makes_way_for_another(client: Client) -> None:
    begin(client, make_person())
    page_after_asking(client, "sms")
    with transaction.atomic():
        record_report(report=reported(OutboxMessage.objects.get(), clock.now()), at=clock.now())
    assert "could not be sent" in client.get(VERIFY).content.decode()


def test_the_next_sign_in_tells_that_mail_came_back(client: Client) -> None:
    user = make_person()
    bounce_mail_of(user)
    sign_in_by_email(client, user)
    assert session_account(client) == user.id, "nobody is shut out"
    assert CAME_BACK in client.get("/home/").content.decode()


def test_the_page_for_a_code_by_mail_tells_it_after_the_password(client: Client) -> None:
    user = make_person()
    bounce_mail_of(user)
    begin(client, user, "email")
    assert "Mail to this address came back" in client.get(VERIFY).content.decode()


def test_before_the_password_nobody_is_told(client: Client) -> None:
    user, other = make_person(), make_person("riley")
    bounce_mail_of(user)
    answers = [
        client.post("/login/email/", {"email": one.email, "password": "wrong"}).content.decode()
        for one in (user, other)
    ]
    assert "came back" not in answers[0]
    assert (
        answers[0].replace(user.email, other.email) == answers[1] or "came back" not in answers[1]
    )


def test_the_owner_has_notices_sent_again(client: Client) -> None:
    user = make_person()
    bounce_mail_of(user, SuppressionReason.COMPLAINT)
    sign_in_directly(client, user)
    assert "You reported our mail as unwanted" in client.get("/home/").content.decode()
    page = client.post("/mail-again/", follow=True).content.decode()
    assert "Notices are sent to your address again" in page
    assert find_suppression(user.email) is None
    assert "You reported" not in client.get("/home/").content.decode()


def test_nobody_settles_it_for_another(client: Client) -> None:
    user, other = make_person(), make_person("riley", phone="+13045550143")
    bounce_mail_of(user)
    client.post("/mail-again/")
    sign_in_directly(client, other)
    client.post("/mail-again/", {"email": user.email})
    assert find_suppression(user.email) is not None
    assert CAME_BACK not in client.get("/home/").content.decode()
