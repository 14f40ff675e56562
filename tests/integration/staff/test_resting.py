"""What waits in a program that is out of service waits with it, and its pages say so."""

import pytest

from contracts.disputes.models import Dispute, DisputeState
from core.groups.models import RecoveryRequest
from core.groups.states import RecoveryState
from core.staff.models import StaffRole
from tenants.context import ActiveContract
from tests.integration.disputes.test_beside_the_roster import disputed
from tests.integration.staff.test_queue import recovery  # noqa: F401 - a fixture
from tests.support.publishing import suspend
from tests.support.staff import staff_client

pytestmark = pytest.mark.django_db


def test_requests_of_a_suspended_program_are_explained_and_not_decided(
    contract_a: ActiveContract,
    recovery: RecoveryRequest,  # noqa: F811
) -> None:
    dispute = disputed(contract_a)
    operator = staff_client(StaffRole.OPERATOR)
    paths = [f"/staff/disputes/{dispute.id}/", f"/staff/recoveries/{recovery.id}/"]
    assert [operator.get(path).status_code for path in paths] == [200, 200]
    suspend(contract_a.slug)
    for path in paths:
        assert path in operator.get("/staff/requests/").content.decode()
        answer = operator.get(path)
        assert answer.status_code == 409
        assert "The program is not in service" in answer.content.decode()
    granted = operator.post(paths[1], {"act": "grant", "reason": "Called them"})
    assert granted.status_code == 409
    recovery.refresh_from_db()
    assert recovery.state == RecoveryState.ASKED
    upheld = operator.post(paths[0], {"act": "uphold", "reason": "Called them", "step": "first"})
    assert upheld.status_code == 409
    assert Dispute.objects.get(pk=dispute.pk).state == DisputeState.OPEN
