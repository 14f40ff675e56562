"""How long a wrong password takes: for an account, for nobody, and for the failure that locks."""

import pytest
from django.conf import LazySettings

from core.accounts.models import User
from core.accounts.policies import effective_policy
from core.accounts.services.sign_in import check_password_of
from core.common import clock
from tests.bench.pairs import compare
from tests.support.people import make_person

KINDS = ("known", "unknown", "locking")


@pytest.mark.usefixtures("announced")
@pytest.mark.django_db(transaction=True)
def test_nobody_learns_from_the_time(settings: LazySettings) -> None:
    """Measured is one wrong password, with a hash as at work."""
    settings.PASSWORD_HASHERS = ["core.accounts.passwords.hashers.PortalArgon2Hasher"]
    people = {kind: [make_person(f"{kind}{place}") for place in range(4)] for kind in KINDS}
    last = effective_policy(people["known"][0].id).accounts.lock_failures - 1
    before = {"known": 0, "unknown": 0, "locking": last}

    def fail_before(kind: str, place: int) -> None:
        User.objects.filter(pk=people[kind][place % 4].pk).update(
            failed_at=[clock.now()] * before[kind], locked_at=None, lock_until=None
        )

    def sign_in(kind: str, place: int) -> None:
        user, address = people[kind][place % 4], f"192.0.2.{place % 200}"
        email = "nobody@clinic.example" if kind == "unknown" else user.email
        check_password_of(email=email, password="wrong", address=address, at=clock.now())

    compare(KINDS, sign_in, prepare=fail_before)
