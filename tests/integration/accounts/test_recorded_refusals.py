"""Refusals that anybody can bring about leave a bounded number of audit rows."""

from datetime import timedelta

import pytest

from core.accounts.services.sign_in import check_password_of
from core.accounts.services.throttle import FAILURES_PER_HOUR, count_address_failure
from core.audit.models import AuditEvent
from core.common.context import bind_context
from core.mfa.services.registration_links import follow_account_link
from core.staff.services.invitations import follow_invitation
from tests.support.people import START

pytestmark = pytest.mark.django_db
STRANGER = "192.0.2.66"


def counts(event_type: str) -> list[int | None]:
    rows = AuditEvent.objects.filter(event_type=event_type).order_by("id")
    return [data.get("count") for data in rows.values_list("data", flat=True)]


@pytest.mark.parametrize("kind", ["registration_link.refused", "staff_invitation.refused"])
def test_links_that_never_were(kind: str) -> None:
    with bind_context(remote_address=STRANGER):
        for place in range(150):
            if kind.startswith("staff"):
                assert follow_invitation(token=f"no-{place}", at=START) is None
            else:
                assert follow_account_link(contract=None, token=f"no-{place}", at=START) is None
    assert counts(kind) == [*[None] * 10, 20, 40, 80]


def test_sign_ins_of_a_throttled_network() -> None:
    for _ in range(FAILURES_PER_HOUR):
        count_address_failure(STRANGER, at=START)
    with bind_context(remote_address=STRANGER):
        for place in range(50):
            email = f"x{place}@clinic.example"
            check_password_of(email=email, password="x", address=STRANGER, at=START)
    assert counts("sign_in.refused") == [*[None] * 10, 20, 40]


def test_another_network_and_the_next_hour_are_counted_anew() -> None:
    for address, at in (
        (STRANGER, START),
        ("192.0.2.67", START),
        (STRANGER, START + timedelta(hours=1)),
    ):
        with bind_context(remote_address=address):
            for place in range(12):
                follow_invitation(token=f"no-{place}", at=at)
    assert counts("staff_invitation.refused") == [None] * 30
