"""Who has a whole IPv6 network is one caller, whichever of its addresses is used."""

from datetime import UTC, datetime

import pytest

from core.accounts.models import LimitCount
from core.accounts.services import throttle
from tests.integration.registration.journeys import Browser

pytestmark = pytest.mark.django_db
AT = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def test_failed_sign_ins_count_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "FAILURES_PER_HOUR", 3)
    for last in range(3):
        throttle.count_address_failure(f"2001:db8:1:2::{last:x}", at=AT)
    assert throttle.address_is_throttled("2001:db8:1:2:ffff::9", at=AT)
    assert not throttle.address_is_throttled("2001:db8:1:3::1", at=AT)


@pytest.mark.parametrize(
    ("addresses", "callers"),
    [
        (["2001:db8:1:2::1", "2001:db8:1:2:9::5"], 1),
        (["2001:db8:1:2::1", "2001:db8:1:3::1"], 2),
        (["192.0.2.7", "::ffff:192.0.2.7"], 1),
        (["192.0.2.7", "192.0.2.8"], 2),
    ],
)
def test_attempts_at_registering_count_together(addresses: list[str], callers: int) -> None:
    for address in addresses:
        Browser(REMOTE_ADDR=address).post(
            "/wv-bh/register/", {"identifier": "1234567893", "code": "0099999999"}
        )
    assert LimitCount.objects.filter(scope="start.address").count() == callers
