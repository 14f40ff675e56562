"""What a process knows of contracts and hosts, and how it learns of publications."""

import multiprocessing
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from contracts.console.services.notices import end_notice, publish_notice
from core.common.clock import now
from core.common.ids import uuid7
from tenants import registry, watching
from tenants.backend.sessions import open_session
from tenants.banners import Banner
from tenants.errors import UnknownContractError
from tenants.models import Contract, DeploymentRevision
from tenants.states import ContractState
from tests.integration.tenants.conftest import Two
from tests.integration.tenants.helpers import switches_so_far
from tests.support.processes import wait_for

WITHIN = 1.0
"""Seconds in which a publication must be visible in every process (`make bench` measures them)."""


@pytest.mark.django_db
def test_warm_questions_cost_no_query(
    django_assert_num_queries: DjangoAssertNumQueries, settings: Settings
) -> None:
    contract = registry.get_contract("wv-bh")
    switches = switches_so_far()
    with django_assert_num_queries(0):
        assert registry.get_contract("wv-bh") is contract
        assert registry.get_contract_by_id(contract.id) is contract
        assert registry.get_contract_by_id(str(contract.id)) is contract
        assert contract in registry.list_contracts()
        assert registry.find_by_host("wv-bh.localhost") is not None
        assert registry.get_deployment().portal_hosts
    assert switches_so_far() == switches


@pytest.mark.django_db
def test_contracts_come_in_the_order_of_the_deployment() -> None:
    order = list(registry.get_deployment().programs)
    assert [contract.slug for contract in registry.list_contracts()][: len(order)] == order


@pytest.mark.django_db
def test_an_unknown_contract_is_an_error() -> None:
    with pytest.raises(UnknownContractError):
        registry.get_contract("there-is-none")
    assert registry.find_contract("there-is-none") is None


@pytest.mark.django_db
@pytest.mark.parametrize("state", [ContractState.PROVISIONING, ContractState.ARCHIVED])
def test_a_contract_that_is_not_ready_is_not_known(state: str) -> None:
    Contract.objects.filter(slug="ms-um").update(state=state)
    registry.announce()
    assert registry.find_contract("ms-um") is None
    assert registry.find_by_host("ms-um.providers.example") is None
    assert registry.find_by_host("ms-um.localhost") is None


@pytest.mark.django_db
def test_a_contract_behind_the_code_is_unavailable_alone() -> None:
    Contract.objects.filter(slug="ms-um").update(schema_migrations={"contracts_roster": "0000_x"})
    registry.announce()
    assert registry.find_contract("ms-um") is None
    assert registry.is_unavailable("ms-um")
    assert registry.find_contract("wv-bh") is not None
    assert not registry.is_unavailable("wv-bh")


@pytest.mark.django_db
def test_a_document_that_cannot_be_read_makes_its_contract_unavailable_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    contract = Contract.objects.select_related("revision").get(slug="ms-um")
    broken = contract.revisions.model(
        contract=contract,
        number=999,
        document={"contract": {"slug": "ms-um"}},
        digest="0" * 64,
        published_at=contract.created_at,
    )
    broken.save()
    Contract.objects.filter(pk=contract.pk).update(revision=broken)
    registry.announce()
    assert registry.is_unavailable("ms-um")
    assert registry.find_contract("wv-bh") is not None
    assert "revision 999 cannot be read" in caplog.text


@pytest.mark.django_db
def test_documents_already_read_are_kept_over_a_publication() -> None:
    before = registry.get_contract("wv-bh")
    Contract.objects.filter(slug="ms-um").update(policy_epoch=7)
    registry.forget()
    assert registry.get_contract("wv-bh") is before
    assert registry.get_contract("ms-um").policy_epoch == 7
    registry.forget()


def test_an_uncommitted_publication_is_seen_by_its_own_transaction_alone(two: Two) -> None:
    with transaction.atomic():
        Contract.objects.filter(pk=two.one.id).update(name="Not yet")
        registry.announce()
        assert registry.get_contract("wv-bh").name == "Not yet"
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(_name_elsewhere).result() == two.one.name
        transaction.set_rollback(True)
    assert registry.get_contract("wv-bh").name == two.one.name


@pytest.mark.django_db
def test_a_publication_is_read_once_in_its_own_transaction_and_anew_after_a_rollback(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    before = registry.get_contract("wv-bh").name
    _publish_here("First")
    assert registry.get_contract("wv-bh").name == "First"
    with django_assert_num_queries(0):
        assert registry.get_contract("wv-bh").name == "First"
    with transaction.atomic():
        _publish_here("Second")
        assert registry.get_contract("wv-bh").name == "Second"
        transaction.set_rollback(True)
    assert registry.get_contract("wv-bh").name == "First"
    _publish_here("Third")
    assert registry.get_contract("wv-bh").name == "Third" != before


def _publish_here(name: str) -> None:
    Contract.objects.filter(slug="wv-bh").update(name=name)
    registry.announce()


def _name_elsewhere() -> str:
    try:
        return registry.get_contract("wv-bh").name
    finally:
        connection.close()


def test_a_publication_is_known_here_as_soon_as_it_commits(two: Two) -> None:
    with _published_name(two, "Committed"):
        assert registry.get_contract("wv-bh").name == "Committed"


class _published_name:  # noqa: N801 - used like a function
    """Publishes another name for the first contract, and the former one again at the end."""

    def __init__(self, two: Two, name: str) -> None:
        self.two, self.name = two, name

    def __enter__(self) -> None:
        self._publish(self.name)

    def __exit__(self, *args: object) -> None:
        self._publish(self.two.one.name)

    def _publish(self, name: str) -> None:
        with transaction.atomic():
            Contract.objects.filter(pk=self.two.one.id).update(name=name)
            registry.announce()


# --- Other processes ------------------------------------------------------------------------------
@pytest.fixture
def watched(two: Two, settings: Settings) -> Iterator[Two]:
    """A registry with its watcher at work, as in a web process."""
    settings.PORTAL_WATCH_REGISTRY = True
    registry.get_contract("wv-bh")
    yield two
    watching.stop_watcher()
    settings.PORTAL_WATCH_REGISTRY = False


def _publish_elsewhere(name: str, *, notify: bool) -> None:
    """Publish as another process would: past this process's memory."""
    with open_session() as session, session.transaction():
        session.execute("UPDATE tenants_contract SET name = %s WHERE slug = 'wv-bh'", [name])
        session.execute("UPDATE tenants_registryepoch SET epoch = epoch + 1")
        if notify:
            session.execute(f"SELECT pg_notify('{watching.CHANNEL}', '')")


def _wait_until(name: str) -> None:
    wait_for(lambda: registry.get_contract("wv-bh").name == name, what="the publication is seen")


def test_another_processes_publication_is_seen_when_it_is_notified(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """The looks in between are too rare to find it."""
    monkeypatch.setattr(watching, "INTERVAL", 3600)
    watched: Two = request.getfixturevalue("watched")
    for name in ("Notified once", "Notified twice", watched.one.name):
        _publish_elsewhere(name, notify=True)
        _wait_until(name)
    watcher = watching._Holder.watcher
    assert watcher
    watcher._stopped.set()
    _publish_elsewhere(watched.one.name, notify=True)  # it ends now, and not in an hour


def test_where_notifications_are_swallowed_it_is_seen_all_the_same(watched: Two) -> None:
    """Behind a transaction pooler LISTEN hears nothing."""
    assert watching.INTERVAL <= WITHIN / 2
    for name in ("Unheard", watched.one.name):
        _publish_elsewhere(name, notify=False)
        _wait_until(name)


def test_a_watcher_that_lost_its_connection_takes_up_again(watched: Two) -> None:
    _publish_elsewhere("It is connected", notify=True)
    _wait_until("It is connected")
    with psycopg.connect(_superuser_url(), autocommit=True) as session:
        killed = session.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE application_name = 'portal registry' AND datname = %s",
            [connection.settings_dict["NAME"]],
        ).fetchone()
    assert killed is not None
    assert killed[0] >= 1
    time.sleep(watching.INTERVAL)
    _publish_elsewhere("After the loss", notify=True)
    _wait_until("After the loss")
    _publish_elsewhere(watched.one.name, notify=True)


def _superuser_url() -> str:
    from config import embedded

    return embedded.addresses(embedded.test_state_folder()).superuser_url


def test_watching_does_without_redis(watched: Two, settings: Settings) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "unix:///nowhere/redis.sock",
        }
    }
    _publish_elsewhere("Without Redis", notify=True)
    _wait_until("Without Redis")
    _publish_elsewhere(watched.one.name, notify=True)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_reads_anew_and_watches_for_itself(watched: Two) -> None:
    """gunicorn --preload: the parent's thread and connection are not the child's."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    connection.close()
    child = context.Process(target=_in_child, args=(theirs,))
    child.start()
    try:
        assert ours.recv() == watched.one.name
        _publish_elsewhere("For the child", notify=True)
        assert ours.recv() == ("For the child", True)
    finally:
        _publish_elsewhere(watched.one.name, notify=True)
        child.join(10)
    _wait_until(watched.one.name)


def _in_child(pipe: Any) -> None:
    try:
        pipe.send(registry.get_contract("wv-bh").name)
        _wait_until("For the child")
        watcher = watching._Holder.watcher
        alive = watcher is not None and watcher.thread.is_alive()
        pipe.send((registry.get_contract("wv-bh").name, alive))
    finally:
        os._exit(0)


@pytest.mark.django_db
def test_a_deployment_document_is_read_from_its_newest_revision() -> None:
    newest = DeploymentRevision.objects.order_by("-number")[0]
    document = {**newest.document, "programs": ["ms-um"]}
    DeploymentRevision.objects.create(
        number=newest.number + 1,
        document=document,
        digest="1" * 64,
        published_at=newest.published_at,
    )
    registry.announce()
    assert registry.get_deployment().programs == ("ms-um",)
    assert registry.list_contracts()[0].slug == "ms-um"


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_notice_is_seen_by_another_process_without_a_restart(watched: Two) -> None:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    connection.close()
    child = context.Process(target=_tell_of_notice, args=(theirs,))
    child.start()
    theirs.close()  # a child that gives up ends the wait for its word
    try:
        assert ours.recv() == 0
        notice = publish_notice(
            contract_id=watched.one.id,
            key=uuid7(),
            banner=Banner("Seen there.", now() - timedelta(hours=1), now() + timedelta(hours=1)),
            by=uuid7(),
            at=now(),
        )
        assert ours.recv() == 1
        assert end_notice(notice=notice, by=uuid7(), at=now())
        assert ours.recv() == 0
    finally:
        child.join(30)


def _tell_of_notice(pipe: Any) -> None:
    """Send the number of banners, each time after it has become another one."""

    def shown(number: int) -> bool:
        return len(registry.banners_at(registry.get_contract("wv-bh"), now())) == number

    try:
        for number in (0, 1, 0):
            wait_for(partial(shown, number), what="the notice is seen")
            pipe.send(number)
    finally:
        os._exit(0)
