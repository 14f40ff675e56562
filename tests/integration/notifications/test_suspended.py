"""What an owner must hear of their account leaves while the program it names is out of service."""

from datetime import datetime
from typing import Any

import pytest

from contracts.registration.models import PendingRegistration
from contracts.registration.services.links import correct_address
from core.accounts.models import User
from core.accounts.services.inactivity import REOPENED_KIND
from core.common import clock
from core.common.ids import uuid7
from core.mfa.codes import CodeRules, Owner, OwnerKind, Purpose
from core.mfa.services.challenges import start_challenge
from core.mfa.services.unfinished import REMINDER_KIND
from core.notifications.models import ChannelUse, LocalMessage, OutboxMessage
from core.notifications.services.outbox import enqueue
from tenants import registry
from tenants.context import ActiveContract
from tests.integration.registration.journeys import Journey
from tests.support.people import PHONE, deliver_all, make_person, make_provider
from tests.support.publishing import suspend

pytestmark = pytest.mark.django_db
NOTICES: dict[str, dict[str, Any]] = {
    "password_changed": {},
    "credentials_set": {"address_changed": False},
    "account_email_changed": {"new": "d…@elm.example"},
    "factor_notice": {"what": "phone_changed", "happened_at": "2026-03-02T15:00:00+00:00"},
    "staff_act_notice": {"what": "unlocked", "happened_at": "2026-03-02T15:00:00+00:00"},
    REOPENED_KIND: {},
    REMINDER_KIND: {},
}


@pytest.fixture
def dana(contract_a: ActiveContract) -> User:
    user = make_person()
    make_provider(user, contract_a)
    return user


def told(user: User, kind: str, contract: ActiveContract, at: datetime) -> OutboxMessage:
    """Put a notice in a contract's name into the outbox."""
    return enqueue(
        kind=kind,
        to=user.email,
        subject_id=user.id,
        account_id=user.id,
        contract_id=contract.id,
        context=NOTICES[kind],
        at=at,
    )


@pytest.mark.parametrize("kind", NOTICES)
def test_a_notice_leaves_in_the_name_of_the_deployment(
    dana: User, contract_a: ActiveContract, kind: str
) -> None:
    message = told(dana, kind, contract_a, clock.now())
    suspend(contract_a.slug)
    deliver_all()
    message.refresh_from_db()
    assert (message.status, message.failure) == ("sent", "")
    brand = registry.get_deployment().brand
    mail = LocalMessage.objects.get(to=dana.email)
    assert brand.organization in mail.text
    assert contract_a.name not in mail.text
    assert contract_a.slug not in mail.link
    assert ChannelUse.objects.get(contract_id=contract_a.id).messages == 1


@pytest.mark.parametrize(("channel", "to"), [("email", "dana@clinic.example"), ("sms", PHONE)])
def test_a_code_leaves_too(dana: User, contract_a: ActiveContract, channel: str, to: str) -> None:
    started = start_challenge(
        owner=Owner(OwnerKind.ACCOUNT, dana.id),
        purpose=Purpose.SIGN_IN,
        channel=channel,
        destination=to,
        contract_id=contract_a.id,
        binding=uuid7(),
        rules=CodeRules(life_seconds=300, max_attempts=3, hold_minutes=None),
        at=clock.now(),
    )
    assert started.challenge is not None
    suspend(contract_a.slug)
    deliver_all()
    assert LocalMessage.objects.get(to=to).code


def test_the_former_address_of_a_registration_is_told(contract_a: ActiveContract) -> None:
    Journey(contract_a.slug).start().inform().submit()
    deliver_all()
    pending = PendingRegistration.objects.get()
    correct_address(pending_id=pending.id, email="other@clinic.example", at=clock.now())
    suspend(contract_a.slug)
    deliver_all()
    told = OutboxMessage.objects.get(kind="registration_address_changed")
    assert (told.status, told.to) == ("sent", pending.email)


def test_a_notice_of_waivers_waits_for_no_program_that_is_out_of_service(
    contract_a: ActiveContract,
) -> None:
    message = enqueue(
        kind="waiver_end",
        to="owner@example.org",
        subject_id=contract_a.id,
        contract_id=contract_a.id,
        context={"rules": []},
        at=clock.now(),
    )
    suspend(contract_a.slug)
    deliver_all()
    message.refresh_from_db()
    assert message.status == "cancelled"
