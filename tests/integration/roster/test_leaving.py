"""Providers whose entry leaves the roster: told first, kept for the days, suspended, and back."""

from datetime import date, datetime, timedelta
from threading import Event, Thread
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction

from contracts.roster.models import LeavingProvider, RosterEntry
from contracts.roster.services import leaving
from contracts.roster.services.leaving import watch_leaving
from core.accounts.models import ContractAccess, User
from core.audit.models import AuditEvent
from core.groups.access import list_providers
from core.groups.models import Provider, ProviderStatus
from core.groups.permissions import Permission
from core.groups.selectors import unit_is_registered
from core.notifications.models import LocalMessage
from tenants.context import ActiveContract, contract_context
from tests.integration.roster.conftest import AT
from tests.support.naive import fails_with
from tests.support.people import deliver_all, make_person, make_provider
from tests.support.threads import until_blocked_or

pytestmark = pytest.mark.django_db
DAYS = 30
NPI = "1234567893"


@pytest.fixture
def head() -> User:
    return make_person("head")


@pytest.fixture
def provider(in_contract_a: ActiveContract, head: User) -> Provider:
    """Register the provider of an entry of the sample roster."""
    return registered(in_contract_a, head)


def registered(contract: ActiveContract, head: User) -> Provider:
    made = make_provider(head, contract, identifier=NPI)
    made.roster_entry_id = RosterEntry.objects.get(identifier=NPI).id
    made.save(update_fields=["roster_entry_id"])
    return made


def leave() -> None:
    RosterEntry.objects.filter(identifier=NPI).update(removed_at=AT)


def come_back() -> None:
    RosterEntry.objects.filter(identifier=NPI).update(removed_at=None)


def subjects(head: User) -> list[str]:
    deliver_all()
    sent = LocalMessage.objects.filter(to=head.email).order_by("sent_at", "id")
    return [one.subject for one in sent if "Elm Clinic" in one.subject]


def status(provider: Provider) -> str:
    provider.refresh_from_db()
    return str(provider.status)


def suspends_at(provider: Provider) -> datetime | None:
    return Provider.objects.get(pk=provider.pk).suspends_at


def may_enter(head: User, contract: ActiveContract) -> bool:
    held = ContractAccess.objects.filter(user=head, contract_id=contract.id, until=None)
    return held.exists()


def test_who_stays_on_the_roster_hears_nothing(provider: Provider, head: User) -> None:
    assert watch_leaving(at=AT) == 0
    assert subjects(head) == []


def test_admins_are_told_first_and_the_provider_is_suspended_after_the_days(
    provider: Provider, head: User, in_contract_a: ActiveContract
) -> None:
    leave()
    for _twice in range(2):
        watch_leaving(at=AT)
    assert subjects(head) == ["Elm Clinic is not on the list of providers any more"]
    watch_leaving(at=AT + timedelta(days=DAYS) - timedelta(seconds=1))
    assert status(provider) == ProviderStatus.ACTIVE
    assert list_providers(head, Permission.PROVIDER_VIEW).exists()
    assert suspends_at(provider) == AT + timedelta(days=DAYS)
    for _twice in range(2):
        watch_leaving(at=AT + timedelta(days=DAYS))
    assert status(provider) == ProviderStatus.SUSPENDED
    assert suspends_at(provider) is None
    assert not list_providers(head, Permission.PROVIDER_VIEW).exists()
    assert not may_enter(head, in_contract_a)
    assert subjects(head)[1:] == ["Elm Clinic is suspended"]
    # Nobody else can register it meanwhile
    assert unit_is_registered(contract_id=in_contract_a.id, unit_key=NPI)
    happened = AuditEvent.objects.filter(subject_id=provider.id).order_by("id")
    assert list(happened.values_list("event_type", flat=True))[-2:] == [
        "provider.left_roster",
        "provider.suspended",
    ]


def test_who_comes_back_is_active_again_and_told(
    provider: Provider, head: User, in_contract_a: ActiveContract
) -> None:
    leave()
    watch_leaving(at=AT)
    watch_leaving(at=AT + timedelta(days=DAYS))
    come_back()
    later = AT + timedelta(days=DAYS + 1)
    for _twice in range(2):
        watch_leaving(at=later)
    assert status(provider) == ProviderStatus.ACTIVE
    assert list_providers(head, Permission.PROVIDER_VIEW).exists()
    assert may_enter(head, in_contract_a)
    assert subjects(head)[2:] == ["Elm Clinic is active again"]
    # Leaving once more begins the days anew
    leave()
    watch_leaving(at=later)
    assert status(provider) == ProviderStatus.ACTIVE
    assert LeavingProvider.objects.get(over_at=None).suspends_at == later + timedelta(days=DAYS)


def test_who_is_back_within_the_days_is_what_it_was(provider: Provider, head: User) -> None:
    leave()
    watch_leaving(at=AT)
    come_back()
    for _twice in range(2):
        watch_leaving(at=AT + timedelta(days=DAYS))
    assert status(provider) == ProviderStatus.ACTIVE
    assert suspends_at(provider) is None
    assert subjects(head)[1:] == ["Elm Clinic is on the list of providers again"]
    assert AuditEvent.objects.filter(subject_id=provider.id, event_type="provider.stays").exists()
    assert not LeavingProvider.objects.filter(over_at=None).exists()


def test_an_entry_whose_last_day_is_over_leaves_too(provider: Provider, head: User) -> None:
    # In West Virginia the second of June begins four hours after midnight UTC.
    RosterEntry.objects.filter(identifier=NPI).update(ends_on=date(2026, 6, 1))
    over = AT.replace(day=2, hour=4)
    assert watch_leaving(at=over - timedelta(seconds=1)) == 0
    assert watch_leaving(at=over) == 1


def test_a_provider_that_was_given_up_is_not_suspended(provider: Provider) -> None:
    leave()
    watch_leaving(at=AT)
    Provider.objects.filter(pk=provider.id).update(
        status=ProviderStatus.ENDED, ended_at=AT, suspends_at=None
    )
    watch_leaving(at=AT + timedelta(days=DAYS))
    assert status(provider) == ProviderStatus.ENDED
    assert not LeavingProvider.objects.filter(over_at=None).exists()


def test_who_was_told_before_there_was_a_mark_gets_it_and_hears_nothing_again(
    provider: Provider, head: User
) -> None:
    leave()
    watch_leaving(at=AT)
    Provider.objects.filter(pk=provider.pk).update(suspends_at=None)  # of an earlier version
    later = AT + timedelta(days=1)
    assert watch_leaving(at=later) == 1
    assert watch_leaving(at=later) == 0
    assert suspends_at(provider) == AT + timedelta(days=DAYS)
    assert len(subjects(head)) == 1


def test_an_entry_that_is_back_before_anybody_was_told_goes_unmentioned(
    provider: Provider, head: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = leaving._unnoticed

    def back_meanwhile(*given: Any) -> list[UUID]:
        found = find(*given)
        come_back()
        return found

    leave()
    monkeypatch.setattr(leaving, "_unnoticed", back_meanwhile)
    assert watch_leaving(at=AT) == 0
    assert subjects(head) == []
    assert suspends_at(provider) is None


@pytest.mark.django_db(transaction=True)
def test_an_entry_that_comes_back_while_its_days_end_keeps_its_provider(
    contract_a: ActiveContract,
) -> None:
    def check() -> None:
        Provider.objects.update(unit_key="earlier")
        with contract_context(contract_a):
            come_back()
            provider = registered(contract_a, make_person(f"head{User.objects.count()}"))
            leave()
            watch_leaving(at=AT)
            ended = Event()

            def watch() -> None:
                try:
                    with contract_context(contract_a):
                        watch_leaving(at=AT + timedelta(days=DAYS))
                finally:
                    ended.set()
                    connection.close()

            thread = Thread(target=watch)
            with transaction.atomic():
                come_back()
                thread.start()
                until_blocked_or(ended)
            thread.join()
            assert status(provider) == ProviderStatus.ACTIVE, "suspended while on the roster"

    check()
    fails_with(
        "contracts.roster.services.leaving._is_off_still",
        lambda *_given, **_at: True,
        check,
        where="suspended while on the roster",
    )
