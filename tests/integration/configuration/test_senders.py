"""A mail provider verifies for all programs: none sends from another one's address."""

import pytest

from core.common.clock import now
from tenants import registry
from tenants.configuration.publishing import plan_contract
from tenants.configuration.refusals import GatesClosedError
from tenants.models import Contract
from tenants.states import ContractState
from tests.support.publishing import publish_change
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db
TAKEN = "mail@agency.example.gov"


def failures(slug: str, address: str) -> set[str]:
    document = registry.get_contract(slug).document
    brand = document.brand.model_copy(update={"sender_address": address})
    plan = plan_contract(document=document.model_copy(update={"brand": brand}), at=now())
    return {failure.gate for failure in plan.failures}


def test_the_address_of_another_program_is_refused() -> None:
    publish_change("wv-bh", brand__sender_address=TAKEN)
    with pytest.raises(GatesClosedError, match="address of another program") as refusal:
        publish_change("ms-um", brand__sender_address=TAKEN.upper())
    assert [one.owner for one in refusal.value.failures] == ["wv-bh"]
    assert failures("wv-bh", TAKEN) == set()
    assert failures("ms-um", "other@agency.example.gov") == set()


def test_what_the_deployment_lists_is_for_all() -> None:
    listed = registry.get_deployment().channels.email.senders[0]
    publish_change("wv-bh", brand__sender_address=listed)
    assert failures("ms-um", listed) == set()


def test_the_address_of_a_deleted_program_is_free() -> None:
    publish_change("wv-bh", brand__sender_address=TAKEN)
    Contract.objects.filter(slug="wv-bh").update(state=ContractState.DELETED)
    assert failures("ms-um", TAKEN) == set()


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_of_two_programs_at_once_one_gets_an_address() -> None:
    def take(place: int) -> bool:
        try:
            publish_change(("wv-bh", "ms-um")[place], brand__sender_address=TAKEN)
        except GatesClosedError:
            return False
        return True

    assert sorted(at_once(2, take)) == [False, True]
