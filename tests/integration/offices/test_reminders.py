"""Both sides are reminded 30 and 7 days before the last day: once each, whoever runs."""

from datetime import timedelta

import pytest

from core.accounts.models import User
from core.common import clock
from core.groups.grant_days import last_day_of
from core.groups.models import AccessGrant
from core.groups.services.access_grants import GrantTerms, remind_of_ends
from core.groups.services.grant_changes import change_access
from core.notifications.models import OutboxMessage
from tests.integration.first_login.walking import mails_to
from tests.integration.offices.conftest import through
from tests.support.people import EVERYWHERE

pytestmark = pytest.mark.django_db


def reminders() -> int:
    return OutboxMessage.objects.filter(context__what="reminder").count()


def test_each_reminder_goes_to_both_sides_once(grant: AccessGrant, head: User, olive: User) -> None:
    def before(days: float) -> int:
        return remind_of_ends(at=grant.until - timedelta(days=days))

    assert [before(days) for days in (31, 30, 29, 8, 7, 6, 0.1)] == [0, 1, 0, 0, 1, 0, 0]
    assert reminders() == 4
    assert remind_of_ends(at=grant.until + timedelta(hours=1)) == 0
    for user in (head, olive):
        assert "ends after" in mails_to(user.email)[0].subject


def test_a_late_run_sends_the_nearer_one_alone(grant: AccessGrant) -> None:
    assert remind_of_ends(at=grant.until - timedelta(days=3)) == 1
    assert reminders() == 2


def test_another_last_day_counts_anew_and_a_near_one_needs_none(
    grant: AccessGrant, head: User
) -> None:
    def move(days: int) -> None:
        grant.refresh_from_db()
        change_access(
            grant_id=grant.id,
            seen=GrantTerms(grant.role, last_day_of(grant)),
            wanted=through(days),
            by=head.id,
            entered=EVERYWHERE,
            at=clock.now(),
        )

    remind_of_ends(at=grant.until - timedelta(days=20))
    move(200)
    grant.refresh_from_db()
    assert remind_of_ends(at=grant.until - timedelta(days=20)) == 1
    move(3)
    assert remind_of_ends(at=clock.now()) == 0


def test_what_has_ended_reminds_nobody(grant: AccessGrant) -> None:
    AccessGrant.objects.filter(pk=grant.pk).update(ended_at=clock.now(), end="office")
    assert remind_of_ends(at=grant.until - timedelta(days=3)) == 0
