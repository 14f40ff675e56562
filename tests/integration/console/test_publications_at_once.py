"""Publications side by side and cut off in the middle, over real connections and processes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import count

import pytest

from contracts.console.models import Draft, PlannedPublication
from contracts.console.services.carrying_out import LOST_AFTER, carry_out, list_due
from contracts.console.services.drafts import create_draft
from contracts.console.services.lifecycle import Wording, change_state
from contracts.console.services.publications import (
    PublicationOpenError,
    Wish,
    approve_publication,
    plan_publication,
    withdraw_publication,
)
from contracts.console.services.publishing import publish
from contracts.console.services.rolling_back import roll_back
from contracts.directory.models import Fingerprint
from contracts.roster.services.index import rebuild_index
from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common import clock
from core.common.errors import DomainError
from core.common.ids import uuid7
from core.notifications.models import OutboxMessage
from core.staff.models import StaffRole
from tenants import registry
from tenants.configuration.document import ContractDocument
from tenants.configuration.revisions import to_json
from tenants.configuration.starter import starter_contract
from tenants.context import contract_context
from tenants.models import (
    Contract,
    ContractChange,
    ContractRevision,
    ProvisioningRun,
    ProvisioningStep,
    ProvisioningStepName,
)
from tenants.states import ContractState
from tests.support.days import day_of
from tests.support.kills import is_killed_at
from tests.support.staff import make_staff
from tests.support.threads import at_once
from tests.unit.configuration.documents import changed, sample

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
NEW = "ohio-dd"
LATER = timedelta(minutes=3)


def named(product: str) -> ContractDocument:
    return changed(sample(), brand__product=product)


def planned(author: User, document: ContractDocument, **more: object) -> PlannedPublication:
    base = None if document.contract.slug == NEW else 1
    wish = Wish(**{"document": document, "base": base, "note": "As agreed", **more})  # type: ignore[arg-type]
    return plan_publication(wish=wish, author=author, at=clock.now())


def told(act: Callable[[], object]) -> str:
    try:
        act()
    except DomainError as error:
        return error.code
    return "done"


def carried_out(*publications: PlannedPublication, at: datetime | None = None) -> list[str]:
    """Let as many workers carry them out at one moment; returns their states."""
    moment = at or clock.now()
    at_once(
        len(publications),
        lambda place: carry_out(publication_id=publications[place].id, at=moment),
    )
    return states(*publications)


def states(*publications: PlannedPublication) -> list[str]:
    for one in publications:
        one.refresh_from_db()
    return sorted(one.state for one in publications)


def revisions(slug: str = "wv-bh") -> int:
    return ContractRevision.objects.filter(contract__slug=slug).count()


def operators(count: int) -> list[User]:
    return [make_staff(StaffRole.OPERATOR, name=f"operator{place}") for place in range(count)]


def test_of_two_drafts_published_at_once_one_wins_and_the_other_is_told() -> None:
    one, other = (planned(author, named(author.username)) for author in operators(2))
    assert carried_out(one, other) == ["published", "refused"]
    assert revisions() == 2
    (lost,) = [each for each in (one, other) if each.state == "refused"]
    assert "but revision 2 is published" in lost.outcome
    assert OutboxMessage.objects.filter(kind="publication_ended").count() == 2


def test_of_two_workers_with_one_publication_one_publishes() -> None:
    (author,) = operators(1)
    document = named("Once")
    draft = create_draft(
        slug="wv-bh", author=author.id, base=1, document=to_json(document), at=clock.now()
    )
    publication = planned(author, document)
    at_once(4, lambda _: carry_out(publication_id=publication.id, at=clock.now()))
    assert states(publication) == ["published"]
    assert revisions() == 2
    assert not Draft.objects.filter(pk=draft.pk).exists()
    assert AuditEvent.objects.filter(event_type="publication.carried_out").count() == 1


def test_what_is_due_and_a_publication_by_hand_do_not_undo_each_other() -> None:
    (author,) = operators(1)
    publication = planned(author, named("Planned"))

    def by_hand() -> object:
        return publish(document=named("By hand"), base=1, by=None, at=clock.now())

    acts: list[Callable[[], object]] = [
        by_hand,
        lambda: carry_out(publication_id=publication.id, at=clock.now()),
    ]
    hand, _ = at_once(2, lambda place: told(acts[place]))
    assert revisions() == 2
    ends = {"done": "refused", "configuration_published_meanwhile": "published"}
    assert states(publication) == [ends[hand]]


def state_to(state: ContractState) -> ContractChange:
    return change_state(
        contract_id=Contract.objects.get(slug="wv-bh").pk,
        to=state,
        wording=Wording("Why"),
        due_at=None,
        by=uuid7(),
        at=clock.now(),
    )


def other_rule(product: str) -> ContractDocument:
    return changed(sample(), brand__product=product, registration__without_code="refuse")


def test_a_new_rule_of_a_contract_that_rests_is_in_force_with_its_index() -> None:
    (author,) = operators(1)
    before = Fingerprint.objects.count()
    assert before
    state_to(ContractState.SUSPENDED)
    publication = planned(author, other_rule("Resting"))
    carry_out(publication_id=publication.id, at=clock.now())
    assert (states(publication), publication.outcome) == (["published"], "")
    assert revisions() == 2
    assert 0 < Fingerprint.objects.count() < before


def test_published_and_suspended_at_once_both_are_done() -> None:
    (author,) = operators(1)
    publication = planned(author, other_rule("Both"))
    acts: list[Callable[[], object]] = [
        lambda: carry_out(publication_id=publication.id, at=clock.now()),
        lambda: state_to(ContractState.SUSPENDED),
    ]
    assert at_once(2, lambda place: told(acts[place])) == ["done", "done"]
    assert states(publication) == ["published"]
    contract = Contract.objects.get(slug="wv-bh")
    assert (contract.state, contract.revision.number) == (ContractState.SUSPENDED, 2)  # type: ignore[union-attr]


def test_published_and_archived_at_once_it_is_one_after_the_other() -> None:
    (author,) = operators(1)
    publication = planned(author, other_rule("Archived"))
    state_to(ContractState.CLOSED)
    acts: list[Callable[[], object]] = [
        lambda: carry_out(publication_id=publication.id, at=clock.now()),
        lambda: state_to(ContractState.ARCHIVED),
    ]
    assert at_once(2, lambda place: told(acts[place])) == ["done", "done"]
    ended = states(publication)
    assert revisions() == {"published": 2, "refused": 1}[ended[0]]
    assert Contract.objects.get(slug="wv-bh").state == ContractState.ARCHIVED


def test_published_and_rolled_back_at_once_one_wins_and_the_other_is_told() -> None:
    (author,) = operators(1)
    first = ContractRevision.objects.get(contract__slug="wv-bh", number=1)
    publish(document=named("Second"), base=1, by=None, at=clock.now())
    wish = Wish(document=named("Third"), base=2, note="So")
    publication = plan_publication(wish=wish, author=author, at=clock.now())

    def back() -> object:
        return roll_back(revision=first, base=2, by=author.pk, reason="So", at=clock.now())

    acts: list[Callable[[], object]] = [
        lambda: carry_out(publication_id=publication.id, at=clock.now()),
        back,
    ]
    _, rolled = at_once(2, lambda place: told(acts[place]))
    ends = {"done": "refused", "configuration_published_meanwhile": "published"}
    assert states(publication) == [ends[rolled]]
    assert revisions() == 3


def test_approved_and_withdrawn_at_once_it_is_one_of_both() -> None:
    author, other = operators(2)
    publication = planned(author, named("Asked"), needs_approval=True)
    at = clock.now()
    acts: list[Callable[[], object]] = [
        lambda: approve_publication(publication=publication, by=other.id, reason="Seen", at=at),
        lambda: withdraw_publication(publication=publication, by=author.id, at=at),
    ]
    approved, withdrawn = at_once(2, lambda place: told(acts[place]))
    # Approved first it can still be withdrawn, because nobody has begun; never the other way round.
    assert withdrawn == "done"
    assert approved in {"done", "publication_decided"}
    carry_out(publication_id=publication.id, at=at)
    assert states(publication) == ["withdrawn"]
    assert revisions() == 1


def test_pressed_twice_at_once_there_is_one_publication() -> None:
    (author,) = operators(1)
    found = at_once(2, lambda _: told(lambda: planned(author, named("Twice"))))
    assert sorted(found) == ["done", PublicationOpenError.code]


def in_turn(number: int) -> ContractDocument:
    """Return a document with another name and another rule than the number before it has."""
    rule = "refuse" if number % 2 else "code_in_both"
    return changed(sample(), contract__name=f"Name {number}", registration__without_npi=rule)


def is_whole(contract: Contract) -> bool:
    """Tell whether all that the database says of a contract speaks of one revision."""
    revisions = list(contract.revisions.order_by("number"))
    events = AuditEvent.objects.filter(event_type="contract.published", contract_id=contract.id)
    told = events.values_list("data__revision", flat=True)
    return (
        contract.revision == revisions[-1]
        and contract.name == revisions[-1].document["contract"]["name"]
        and {*told, 1} == {one.number for one in revisions}
    )


def index_is_up_to_date() -> bool:
    before = set(Fingerprint.objects.values_list("entry_id", "digest"))
    with contract_context(registry.get_contract("wv-bh")):
        rebuild_index()
    return before == set(Fingerprint.objects.values_list("entry_id", "digest"))


def test_a_worker_killed_at_any_step_leaves_old_or_new_and_the_next_one_goes_on() -> None:
    (author,) = operators(1)
    for step in count(1):
        publication = planned(author, in_turn(step), base=step)
        work = partial(carry_out, publication_id=publication.id, at=clock.now())
        later = clock.now() + LATER
        if not is_killed_at(step, work):
            break
        assert is_whole(Contract.objects.get(slug="wv-bh"))
        assert revisions() in {step, step + 1}
        is_done = states(publication) == ["published"]
        assert list_due(at=later) == ([] if is_done else [publication.id])
        carry_out(publication_id=publication.id, at=later)
        assert states(publication) == ["published"]
        assert revisions() == step + 1
        assert is_whole(Contract.objects.get(slug="wv-bh"))
        assert index_is_up_to_date()
    assert step > 4  # taken, published, access and index made anew, settled


def test_a_new_contract_whose_worker_is_killed_at_any_step_is_finished_by_the_next() -> None:
    (author,) = operators(1)
    killed_in: set[str] = set()
    for step in count(1):
        document = starter_contract(f"new-{step}", on=day_of())
        slug = document.contract.slug
        publication = planned(author, document, base=None)
        work = partial(carry_out, publication_id=publication.id, at=clock.now())
        later = clock.now() + LOST_AFTER + LATER
        if not is_killed_at(step, work):
            break
        undone = ProvisioningStep.objects.filter(run__slug=slug, done_at=None)
        killed_in |= set(undone.values_list("name", flat=True))
        made = Contract.objects.filter(slug=slug).first()
        is_ready = made is not None and made.state == ContractState.READY
        assert is_ready is (registry.find_contract(slug) is not None)  # as if it did not exist
        assert made is None or not is_ready or is_whole(made)
        carry_out(publication_id=publication.id, at=later)
        assert states(publication) == ["published"]
        assert registry.get_contract(slug).document == document
        assert revisions(slug) == 1
        assert is_whole(Contract.objects.get(slug=slug))
        assert not ProvisioningRun.objects.filter(slug=slug, ended_at=None).exists()
    assert killed_in == set(ProvisioningStepName.values)
