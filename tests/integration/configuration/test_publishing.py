"""Publishing contracts: what is kept, what is refused, what everybody sees afterwards."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, connections, transaction

from core.audit.models import AuditEvent
from tenants import registry
from tenants.configuration.document import ContractDocument
from tenants.configuration.publishing import (
    Published,
    plan_contract,
    publish_contract,
)
from tenants.configuration.refusals import GatesClosedError, PublishedMeanwhileError
from tenants.configuration.revisions import (
    find_contract_revision,
    read_contract_revision,
    to_json,
)
from tenants.configuration.starter import starter_contract
from tenants.models import Contract, ContractRevision, Host
from tenants.states import ContractState
from tests.unit.configuration.documents import changed, sample

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
SLUG = "new-one"


def new_document(**fields: Any) -> ContractDocument:
    return changed(starter_contract(SLUG, on=AT.date()), **fields)


def publish(
    document: ContractDocument, base: int | None, *, at: datetime = AT, by: Any = None
) -> Published:
    return publish_contract(document=document, base=base, by=by, at=at)


def published_now(slug: str) -> ContractDocument:
    revision = find_contract_revision(slug)
    assert revision is not None
    return read_contract_revision(revision)


def schema_exists(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = %s", [name])
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db
def test_the_same_document_again_changes_nothing() -> None:
    events = AuditEvent.objects.count()
    again = publish(sample(), 1)
    assert not again.changed
    assert again.revision.number == 1
    assert ContractRevision.objects.filter(contract=again.contract).count() == 1
    assert AuditEvent.objects.count() == events


@pytest.mark.django_db
def test_a_change_makes_a_revision_and_leaves_the_one_before() -> None:
    operator = uuid4()
    document = changed(sample(), contract__name="Another name")
    result = publish(document, 1, by=operator)
    assert result.changed
    assert (result.revision.number, result.revision.base_number) == (2, 1)
    assert result.revision.published_by == operator
    assert result.contract.name == "Another name"
    first = ContractRevision.objects.get(contract=result.contract, number=1)
    assert read_contract_revision(first) == sample()
    assert published_now("wv-bh") == document
    event = AuditEvent.objects.get(event_type="contract.published", subject_id=result.revision.id)
    assert event.actor_id == operator
    assert event.contract_id == result.contract.id
    assert event.data["fields"] == ["contract.name"]
    assert "Another name" not in str(event.data)


@pytest.mark.django_db
def test_the_registry_serves_the_new_revision() -> None:
    publish(changed(sample(), contract__name="Another name"), 1)
    assert registry.get_contract("wv-bh").name == "Another name"


@pytest.mark.django_db
def test_publishing_on_an_old_base_is_refused_with_the_difference() -> None:
    publish(changed(sample(), brand__color="#004d40"), 1)
    with pytest.raises(PublishedMeanwhileError) as refused:
        publish(changed(sample(), contract__name="Another name"), 1)
    assert [change.field for change in refused.value.changes] == ["brand.color"]
    assert (refused.value.base, refused.value.published) == (1, 2)
    assert published_now("wv-bh").contract.name == sample().contract.name


@pytest.mark.django_db
@pytest.mark.parametrize("base", [None, 7])
def test_a_base_that_is_not_the_published_one_is_refused(base: int | None) -> None:
    with pytest.raises(PublishedMeanwhileError):
        publish(changed(sample(), contract__name="Another name"), base)


@pytest.mark.django_db
def test_rolling_back_is_publishing_the_earlier_document() -> None:
    publish(changed(sample(), brand__color="#004d40"), 1)
    back = publish(sample(), 2)
    assert (back.revision.number, back.changed) == (3, True)
    assert published_now("wv-bh") == sample()


@pytest.mark.django_db
def test_a_closed_gate_publishes_nothing() -> None:
    with pytest.raises(GatesClosedError) as refused:
        publish(changed(sample(), waivers=[]), 1)
    assert {failure.gate for failure in refused.value.failures} == {"weaker_policy_is_waived"}
    assert published_now("wv-bh") == sample()


@pytest.mark.django_db
def test_an_overdue_waiver_lets_nothing_else_publish() -> None:
    late = datetime(2029, 1, 1, 12, tzinfo=UTC)
    document = changed(sample(), contract__name="Another name")
    with pytest.raises(GatesClosedError, match="waivers_are_current"):
        publish(document, 1, at=late)
    assert not publish(sample(), 1, at=late).changed


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "steps"),
    [
        ({"contract__name": "Another name"}, 0),
        ({"accounts__lock_failures": 2}, 1),
        ({"mfa__methods": ["phone"], "waivers": None}, 1),
        ({"links__registration_minutes": 15}, 1),
    ],
)
def test_a_stricter_policy_starts_a_new_epoch_and_nothing_else_does(
    fields: dict[str, Any], steps: int
) -> None:
    document = sample()
    if "waivers" in fields:
        kept = [w for w in document.waivers if w.rule != "mfa.methods.email"]
        kept = [w for w in kept if w.rule != "mfa.email_code_seconds"]
        fields = {
            **fields,
            "mfa__email_code_seconds": 60,
            "waivers": [w.model_dump(mode="json") for w in kept],
        }
    before = Contract.objects.get(slug="wv-bh").policy_epoch
    result = publish(changed(document, **fields), 1)
    assert result.contract.policy_epoch - before == steps


@pytest.mark.django_db
def test_a_weaker_policy_does_not_end_sessions() -> None:
    publish(changed(sample(), accounts__lock_failures=2), 1)
    epoch = Contract.objects.get(slug="wv-bh").policy_epoch
    assert publish(sample(), 2).contract.policy_epoch == epoch


@pytest.mark.django_db
def test_hosts_follow_the_document() -> None:
    document = sample("ms-um")
    hosts = {
        "primary": "ms.providers.example",
        "aliases": ["ms-um.providers.example"],
        "redirects": ["old.providers.example"],
    }
    publish(changed(document, hosts=hosts), 1)
    found = Host.objects.filter(tenant__slug="ms-um").values_list("domain", "kind", "is_primary")
    assert sorted(found) == [
        ("ms-um.providers.example", "alias", False),
        ("ms.providers.example", "primary", True),
        ("old.providers.example", "redirect", False),
    ]
    publish(changed(document, hosts={}), 2)
    assert not Host.objects.filter(tenant__slug="ms-um").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["ms-um.providers.example", "portal.kepro.com"])
def test_a_host_of_another_contract_or_of_the_portal_is_refused(host: str) -> None:
    with pytest.raises(GatesClosedError, match="hosts_are_free"):
        publish(changed(sample(), hosts={"primary": host}), 1)


@pytest.mark.django_db
def test_a_plan_changes_nothing_and_says_everything() -> None:
    document = changed(sample(), accounts__lock_failures=2, hosts={"primary": "portal.kepro.com"})
    plan = plan_contract(document=document, at=AT)
    assert plan.base == 1
    assert {change.field for change in plan.changes} == {"accounts.lock_failures", "hosts.primary"}
    assert plan.stricter == ("accounts.lock_failures",)
    assert [failure.gate for failure in plan.failures] == ["hosts_are_free"]
    assert not plan.is_new
    assert published_now("wv-bh") == sample()
    assert plan_contract(document=new_document(), at=AT).is_new


@pytest.mark.django_db
@pytest.mark.parametrize("act", ["update", "delete"])
def test_a_revision_can_neither_be_changed_nor_deleted(act: str) -> None:
    revisions = ContractRevision.objects.filter(contract__slug="wv-bh")
    with pytest.raises(DatabaseError), transaction.atomic():
        revisions.update(note="changed") if act == "update" else revisions.delete()


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_new_contract_gets_its_schema_and_is_served() -> None:
    result = publish(new_document(hosts={"primary": "new-one.example.org"}), None)
    assert result.changed
    assert result.contract.state == ContractState.READY
    assert result.contract.ready_at == AT
    assert schema_exists("t_new_one")
    assert registry.get_contract(SLUG).revision == 1
    match = registry.find_by_host("new-one.example.org")
    assert match is not None
    assert not publish(new_document(hosts={"primary": "new-one.example.org"}), None).changed


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_new_contract_with_a_closed_gate_leaves_nothing_behind() -> None:
    with pytest.raises(GatesClosedError):
        publish(new_document(mfa__remember_hours=4), None)
    assert not Contract.objects.filter(slug=SLUG).exists()
    assert not schema_exists("t_new_one")


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_an_interrupted_provisioning_is_taken_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def killed() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as interrupted:
        interrupted.setattr(registry, "announce", killed)
        with pytest.raises(KeyboardInterrupt):
            publish(new_document(), None)
    half = Contract.objects.get(slug=SLUG)
    assert half.state == ContractState.PROVISIONING
    assert registry.find_contract(SLUG) is None
    assert publish(new_document(), None).contract.id == half.id
    assert registry.get_contract(SLUG).revision == 1


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_of_two_publishers_at_once_one_is_refused() -> None:
    documents = [changed(sample(), contract__name=f"Name {number}") for number in range(4)]
    outcomes: list[str] = []
    together = Barrier(len(documents))

    def work(document: ContractDocument) -> None:
        together.wait()
        try:
            outcomes.append("published" if publish(document, 1).changed else "unchanged")
        except PublishedMeanwhileError:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [Thread(target=work, args=[document]) for document in documents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(outcomes) == ["published", "refused", "refused", "refused"]
    assert ContractRevision.objects.filter(contract__slug="wv-bh").count() == 2


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_two_deployers_of_one_new_contract_make_one() -> None:
    outcomes: list[bool] = []
    together = Barrier(2)

    def work() -> None:
        together.wait()
        try:
            outcomes.append(publish(new_document(), None, at=AT + timedelta(seconds=1)).changed)
        finally:
            connections.close_all()

    threads = [Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(outcomes) == [False, True]
    assert Contract.objects.filter(slug=SLUG).count() == 1


@pytest.mark.django_db
def test_what_was_published_before_there_were_test_vectors_can_be_gone_back_to() -> None:
    bare = changed(sample(), registration__test_vectors=[])
    with pytest.raises(GatesClosedError):
        publish(bare, 1)
    known = ContractRevision.objects.get(contract__slug="wv-bh", number=1)
    older = ContractRevision(contract=known.contract, number=99, document=to_json(bare))
    older.document["registration"].pop("test_vectors")
    older.digest, older.published_at = known.digest[::-1], AT
    older.save()
    assert publish(bare, 1).changed
