"""Which of the repository's documents a start of the local portal applies."""

import pytest

from config.run.data import documents_to_apply
from core.common.clock import now
from tenants.configuration.publishing import publish_contract
from tenants.registry import get_contract
from tests.support.people import make_person
from tests.support.publishing import publish_change
from tests.unit.configuration.documents import changed

pytestmark = pytest.mark.django_db


def slugs() -> list[str]:
    return [path.stem for path in documents_to_apply()]


def test_what_somebody_published_on_the_pages_outlives_the_next_start() -> None:
    publish_change("ms-um", brand__organization="By the command")
    assert slugs() == ["acentra-sample", "ms-um", "va-dmas", "wv-bh"]
    contract = get_contract("wv-bh")
    publish_contract(
        document=changed(contract.document, brand__organization="On the pages"),
        base=contract.revision,
        by=make_person().id,
        at=now(),
    )
    assert slugs() == ["acentra-sample", "ms-um", "va-dmas"]
