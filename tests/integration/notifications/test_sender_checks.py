"""Mail goes out from a contract's own address from the moment at which the provider takes it."""

from datetime import timedelta
from uuid import UUID

import pytest
from pytest_django import Settings

from core.audit.models import AuditEvent
from core.common import clock
from core.notifications.channels.standing import NotSaidError, Standing
from core.notifications.models import SenderCheck
from core.notifications.senders import sender_for
from core.notifications.services import sender_checks
from core.notifications.services.sender_checks import (
    SenderTarget,
    check_due_senders,
    check_senders,
    keep_failure,
    keep_standing,
    list_sender_targets,
    purge_sender_checks,
    targets_of_address,
)
from core.notifications.states import SenderStanding
from tenants import registry
from tenants.context import ActiveContract

pytestmark = pytest.mark.django_db
TEMPORARY = "no-reply@atrezzo.acentra.com"
VERIFIED, UNSIGNED, PENDING, MISSING, UNKNOWN = SenderStanding


@pytest.fixture(autouse=True)
def _amazon(settings: Settings) -> None:
    settings.PORTAL_CHANNELS = {}
    settings.AWS_SMS_ORIGINATION = "+18005550100"
    settings.AWS_CONNECT_INSTANCE_ID = "instance-1"
    settings.AWS_CONNECT_CONTACT_FLOW_ID = "flow-1"


def without_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the deployment list no verified address."""
    deployment = registry.get_deployment()
    email = deployment.channels.email.model_copy(update={"senders": ()})
    ways = deployment.channels.model_copy(update={"email": email})
    changed = deployment.model_copy(update={"channels": ways})
    monkeypatch.setattr(registry, "get_deployment", lambda: changed)


def own(contract: ActiveContract) -> SenderTarget:
    return SenderTarget("email", contract.document.brand.sender_address)


def say(target: SenderTarget, standing: SenderStanding, *, minutes: int = 0) -> SenderCheck:
    at = clock.now() + timedelta(minutes=minutes)
    return keep_standing(target, Standing(standing), at=at)


def sent_from(contract_id: UUID) -> tuple[str, str]:
    sender = sender_for(contract_id)
    return sender.address, sender.reply_to


@pytest.mark.parametrize("is_listed", [True, False])
def test_the_sender_changes_by_itself_when_the_provider_takes_it(
    contract_a: ActiveContract, monkeypatch: pytest.MonkeyPatch, is_listed: bool
) -> None:
    if not is_listed:
        without_list(monkeypatch)
    address = own(contract_a).identity
    answers = contract_a.document.brand.reply_to or address
    assert sent_from(contract_a.id)[0] == address  # nobody has asked: as the document says
    for minutes, standing in enumerate((MISSING, PENDING)):
        say(own(contract_a), standing, minutes=minutes)
        assert sent_from(contract_a.id) == (TEMPORARY, answers)
        assert sender_for(contract_a.id).name == contract_a.document.brand.sender_name
    for minutes, standing in enumerate((UNSIGNED, VERIFIED)):
        say(own(contract_a), standing, minutes=5 + minutes)
        assert sent_from(contract_a.id)[0] == address


def test_nothing_is_won_by_a_temporary_sender_that_is_refused_as_well(
    contract_a: ActiveContract,
) -> None:
    say(own(contract_a), MISSING)
    say(SenderTarget("email", TEMPORARY), PENDING)
    assert sent_from(contract_a.id)[0] == own(contract_a).identity


def test_a_provider_that_cannot_be_asked_changes_nothing(contract_a: ActiveContract) -> None:
    target = own(contract_a)
    at = clock.now()
    keep_failure(target, "AccessDeniedException", at=at)
    assert sent_from(contract_a.id)[0] == target.identity
    say(target, MISSING, minutes=1)
    keep_failure(target, "ReadTimeoutError", at=at + timedelta(minutes=2))
    assert sent_from(contract_a.id)[0] == TEMPORARY
    present = SenderCheck.objects.get(ended_at=None)
    assert (present.standing, present.failure) == (MISSING, "ReadTimeoutError")
    assert say(target, MISSING, minutes=3).failure == ""


def test_local_mail_and_other_servers_are_never_asked_for(
    contract_a: ActiveContract, settings: Settings
) -> None:
    assert {one.channel for one in list_sender_targets()} == {"email", "sms", "voice"}
    say(own(contract_a), MISSING)
    settings.PORTAL_CHANNELS = {"email": "local", "sms": "local", "voice": "local"}
    assert list_sender_targets() == []
    assert sent_from(contract_a.id)[0] == own(contract_a).identity


def test_a_contract_is_asked_about_its_own_sender_and_the_deployments(
    contract_a: ActiveContract,
) -> None:
    asked = targets_of_address(own(contract_a).identity)
    wanted = {own(contract_a), SenderTarget("email", TEMPORARY)}
    assert {one for one in asked if one.channel == "email"} == wanted
    assert SenderTarget("sms", "+18005550100") in asked
    assert SenderTarget("voice", "flow-1") in asked


def test_what_was_said_is_kept_as_long_as_it_stays(contract_a: ActiveContract) -> None:
    for minutes, standing in enumerate((PENDING, PENDING, VERIFIED)):
        say(own(contract_a), standing, minutes=minutes)
    rows = SenderCheck.objects.order_by("first_at")
    assert [(one.standing, one.times) for one in rows] == [(PENDING, 2), (VERIFIED, 1)]
    names = AuditEvent.objects.filter(event_type__startswith="sender.").order_by("id")
    assert [one.event_type for one in names] == ["sender.not_ready", "sender.ready"]
    at = clock.now() + timedelta(days=410)
    assert purge_sender_checks(at=at) == 2


def test_who_waits_longest_is_asked_first_and_a_silent_provider_is_left_alone(
    contract_a: ActiveContract, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[SenderTarget] = []

    def ask(target: SenderTarget) -> Standing:
        asked.append(target)
        if target.channel == "email" and len(asked) > 1:
            raise NotSaidError("TooManyRequestsException")
        return Standing(VERIFIED)

    monkeypatch.setattr(sender_checks, "_ask", ask)
    at = clock.now()
    mails = [one for one in list_sender_targets() if one.channel == "email"]
    assert check_senders(mails, at=at) == 1
    first, refused = asked
    asked.clear()
    later = at + timedelta(minutes=5)
    # One is good for an hour; the one that failed waits for less long than those never asked.
    assert check_due_senders(at=later) == 3
    assert first not in asked
    assert asked[0] not in {first, refused}


def test_a_word_that_was_asked_for_before_the_newest_one_changes_nothing(
    contract_a: ActiveContract,
) -> None:
    """*Check now* and the check of every five minutes go on side by side."""
    target, at = own(contract_a), clock.now()
    newest = say(target, VERIFIED, minutes=2)
    say(target, MISSING, minutes=1)
    keep_failure(target, "ReadTimeoutError", at=at)
    present = SenderCheck.objects.get(ended_at=None)
    assert (present.pk, present.standing, present.failure) == (newest.pk, VERIFIED, "")
    assert present.asked_at == newest.asked_at
    assert sent_from(contract_a.id)[0] == target.identity
