"""What a start of the local portal brings in of the repository's documents and sample users."""

import pytest

from config.run.data import documents_to_apply, import_sample_users
from core.accounts.models import User
from core.common.clock import now
from tenants.configuration.publishing import publish_contract
from tenants.registry import get_contract
from tests.support.people import make_person
from tests.support.publishing import publish_change, suspend
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


def test_the_sample_users_of_a_suspended_contract_do_not_keep_the_portal_from_starting() -> None:
    suspend("acentra-sample")
    assert "acentra-sample" not in slugs()
    import_sample_users()
    present = set(User.objects.values_list("username", flat=True))
    assert "ruth.alder" in present
    assert "amir.hazel" not in present
    import_sample_users()
    assert set(User.objects.values_list("username", flat=True)) == present
