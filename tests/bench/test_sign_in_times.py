"""How long a wrong password takes: for an account, for nobody, and for the failure that locks."""

import statistics
import time

import pytest
from django.conf import LazySettings

from core.accounts.models import User
from core.accounts.policies import effective_policy
from core.accounts.services.sign_in import check_password_of
from core.common import clock
from tests.support.people import make_person

ROUNDS = 200
AT_MOST_APART = 0.03
KINDS = ("known", "unknown", "locking")


@pytest.mark.usefixtures("announced")
@pytest.mark.django_db(transaction=True)
def test_nobody_learns_from_the_time(settings: LazySettings) -> None:
    """Interleave the three; the medians differ by three percent at most.

    Compared is the processor's time, which other work on the machine does not change; that the
    statements are the same is for tests/integration/accounts/test_no_enumeration.py.
    """
    settings.PASSWORD_HASHERS = ["core.accounts.passwords.hashers.PortalArgon2Hasher"]
    people = {kind: [make_person(f"{kind}{place}") for place in range(4)] for kind in KINDS}
    last = effective_policy(people["known"][0].id).accounts.lock_failures - 1
    before = {"known": 0, "unknown": 0, "locking": last}
    costs: dict[str, list[tuple[float, float]]] = {kind: [] for kind in KINDS}
    for place in range(ROUNDS):
        first = place % len(KINDS)
        for kind in KINDS[first:] + KINDS[:first]:
            user = people[kind][place % 4]
            User.objects.filter(pk=user.pk).update(
                failed_at=[clock.now()] * before[kind], locked_at=None, lock_until=None
            )
            email = "nobody@clinic.example" if kind == "unknown" else user.email
            costs[kind].append(_cost(email, place))
    medians = {}
    for kind, found in costs.items():
        cpu, wall = (statistics.median(values) for values in zip(*found, strict=True))
        print(f"\n{kind}: {1000 * cpu:.2f} ms of the processor, {1000 * wall:.2f} ms in all")
        medians[kind] = cpu
    assert max(medians.values()) <= min(medians.values()) * (1 + AT_MOST_APART), medians


def _cost(email: str, place: int) -> tuple[float, float]:
    """Return the seconds of the processor and those of the clock on the wall."""
    at, address = clock.now(), f"192.0.2.{place % 200}"
    cpu, wall = time.process_time(), time.perf_counter()
    check_password_of(email=email, password="wrong", address=address, at=at)
    return time.process_time() - cpu, time.perf_counter() - wall
