"""A plan is true: publishing changes what it said and nothing else, and then there is no more."""

from typing import Any, Final

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.common.clock import now
from tenants import registry
from tenants.configuration.diff import difference_of_values
from tenants.configuration.document import ContractDocument
from tenants.configuration.publishing import plan_contract, publish_contract
from tenants.configuration.refusals import GatesClosedError
from tenants.configuration.revisions import find_contract_revision, to_json
from tests.unit.configuration.documents import changed, sample

pytestmark = pytest.mark.django_db
_CONTACT = {"purpose": "Help", "email": "help@example.org"}
_CHOICES: Final[dict[str, list[Any]]] = {
    "contract__name": ["West Virginia", "{{7*7}}", "<script>"],
    "brand__color": ["#0b5c8f", "#7a1f5c"],
    "brand__product": ["Portal", "New portal"],
    "support": [[_CONTACT], [_CONTACT, {**_CONTACT, "purpose": "Billing"}]],
    "vocabulary__person": ["Person"],
    "registration__before_you_start": [["One thing."], ["One thing.", "Another thing."]],
    "registration__provider_types": [["Hospital"], ["Hospital", "Clinic"]],
    "groups__third_parties": [True],
    "groups__access_review_days": [90, 180, None],
    "accounts__lock_failures": [1, 2, 3],
    "accounts__password_min_length": [16, 20, 24],
    "mfa__attempts": [1, 2],
    "sessions__idle_minutes": [5, 10],
    "links__registration_minutes": [10, 15],
    "publishing__second_person": [False],
    "hosts__primary": [None, "wv.example.org"],
}
_SOME = st.lists(st.sampled_from(sorted(_CHOICES)), unique=True, max_size=6).flatmap(
    lambda names: st.fixed_dictionaries({name: st.sampled_from(_CHOICES[name]) for name in names})
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(fields=_SOME)
def test_publishing_changes_what_the_plan_said(fields: dict[str, Any]) -> None:
    wanted = changed(sample(), **fields)
    with transaction.atomic():
        follow(wanted)
        transaction.set_rollback(True)
    registry.forget()


def follow(wanted: ContractDocument) -> None:
    before = published()
    plan = plan_contract(document=wanted, at=now())
    assert published() == before, "a plan changes nothing"
    if plan.failures:
        with pytest.raises(GatesClosedError) as refused:
            publish_contract(document=wanted, base=plan.base, by=None, at=now())
        assert refused.value.failures == plan.failures
        assert published() == before
        return
    epoch = registry.get_contract("wv-bh").policy_epoch
    done = publish_contract(document=wanted, base=plan.base, by=None, at=now())
    assert difference_of_values(before, published()) == plan.changes
    assert done.changed == bool(plan.changes)
    assert (done.contract.policy_epoch > epoch) == bool(plan.stricter)
    second = plan_contract(document=wanted, at=now())
    assert (second.changes, second.stricter, second.failures) == ((), (), ())
    assert not publish_contract(document=wanted, base=second.base, by=None, at=now()).changed


def published() -> dict[str, Any]:
    revision = find_contract_revision("wv-bh")
    assert revision
    return to_json(ContractDocument.model_validate(revision.document))
