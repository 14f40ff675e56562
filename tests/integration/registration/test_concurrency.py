"""Fifty at once: one registration, one account, one provider, one admin, and no orphan."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from contracts.registration.models import PendingRegistration
from contracts.registration.services.completion import complete_registration
from contracts.roster.models import IssuedCode
from core.accounts.models import ContractAccess, LimitCount, User
from core.accounts.services.attempts import Limit, count_attempt
from core.common.clock import now
from core.groups.models import Membership, Provider, ProviderGroup
from core.mfa.registering.sources import SourceGoneError
from core.notifications.models import OutboxMessage
from tenants.context import contract_context
from tenants.registry import get_contract
from tests.integration.registration.journeys import Journey, acceptance

pytestmark = pytest.mark.django_db(transaction=True)

_AT_ONCE = 50
_THREADS = 16


def _at_once(work: list[Callable[[], Any]]) -> list[Any]:
    def run(one: Callable[[], Any]) -> Any:
        try:
            return one()
        finally:
            connection.close()

    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(run, work))


def _walks(slug: str) -> list[Journey]:
    walks = []
    for number in range(_AT_ONCE):
        walk = Journey(slug).start()
        LimitCount.objects.all().delete()
        walks.append(
            walk.inform(username=f"user{number}", email=f"user{number}@clinic.example.org")
        )
    return walks


@pytest.mark.slow
def test_fifty_submissions_of_one_identifier_make_one_registration() -> None:
    walks = _walks("wv-bh")
    _at_once([walk.submit for walk in walks])
    pending = PendingRegistration.objects.get()
    assert OutboxMessage.objects.filter(kind="registration_link").count() == 1
    winner = Journey("wv-bh")
    winner.follow(pending.email)
    winner.prove_email(pending.email)
    counts = [
        model.objects.count()
        for model in (User, Provider, ProviderGroup, Membership, ContractAccess)
    ]
    assert counts == [1, 1, 1, 1, 1]


@pytest.mark.slow
def test_fifty_last_steps_of_one_registration_make_one_account() -> None:
    walk = Journey("acentra-sample").start().inform().submit()
    walk.follow()
    follow_id = PendingRegistration.objects.get().follow_id
    assert follow_id is not None

    def complete() -> bool:
        try:
            with contract_context(get_contract("acentra-sample")), transaction.atomic():
                complete_registration(
                    follow_id=follow_id,
                    email="dana.reed@clinic.example.org",
                    password_hash="!",
                    phone="",
                    at=now(),
                )
        except SourceGoneError:
            return False
        return True

    assert _at_once([complete] * _AT_ONCE).count(True) == 1
    counts = [
        model.objects.count()
        for model in (User, Provider, ProviderGroup, Membership, ContractAccess)
    ]
    assert counts == [1, 1, 1, 1, 1]
    with contract_context(get_contract("acentra-sample")):
        assert list(IssuedCode.objects.filter(uses__gt=0).values_list("uses", flat=True)) == [1]


def test_one_username_goes_to_one_of_two_registrations() -> None:
    walks = [
        Journey("wv-bh").start().inform(),
        Journey("ms-um").start().inform(email="b@example.org"),
    ]
    answers = _at_once(
        [partial(walk.client.post, f"{walk.path}terms/", acceptance(walk.slug)) for walk in walks]
    )
    assert sorted(answer.status_code for answer in answers) == [200, 302]
    assert PendingRegistration.objects.count() == 1
    refused = next(answer for answer in answers if answer.status_code == 200)
    assert "This username is taken" in refused.content.decode()


def test_parallel_attempts_are_all_counted() -> None:
    limit = Limit("test", "one", 10, timedelta(hours=1))
    answers = _at_once([lambda: count_attempt(limits=[limit], at=now()).allowed] * _AT_ONCE)
    assert answers.count(True) == 10
    assert LimitCount.objects.get(scope="test").attempts == _AT_ONCE
