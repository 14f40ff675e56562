"""How long Forgot password takes for an account and for nobody."""

import pytest

from core.common import clock
from core.mfa.models import Challenge, PasswordReset
from core.mfa.services.resets import begin_reset, verify_reset_code
from tests.bench.pairs import compare
from tests.support.people import make_person


@pytest.mark.usefixtures("announced")
@pytest.mark.django_db(transaction=True)
def test_nobody_learns_from_the_time() -> None:
    """Measured is a beginning and a wrong code."""
    emails = {"known": make_person().email, "unknown": "nobody@clinic.example"}

    def reset(kind: str, place: int) -> None:
        at, address = clock.now(), f"192.0.2.{place % 200}"
        begun = begin_reset(
            email=emails[kind], contract_id=None, address=address, replaces=None, at=at
        ).reset
        assert begun is not None
        verify_reset_code(reset_id=begun.id, code="000000", at=at)

    compare(tuple(emails), reset, prepare=_forget_sent, rounds=400)


def _forget_sent(_kind: str, _place: int) -> None:
    """Make each round the first of a day: limits count what was sent."""
    PasswordReset.objects.all().delete()
    Challenge.objects.all().delete()
