"""Who holds a token of the API is told before it ends."""

from datetime import timedelta

import pytest

from core.accounts.models import User
from core.common import clock
from core.notifications.kinds import get_kind
from core.notifications.models import OutboxMessage
from core.staff import systems
from core.staff.models import StaffRole
from core.staff.services import token_reminders
from core.staff.services.api_tokens import find_bearer, rotate_token
from core.staff.services.token_reminders import AHEAD, REMINDER_KIND, remind_of_ends
from tests.integration.staff.test_api_tokens import (
    ADDRESS,
    actor,
    make_service,
    own_token,
    service_token,
    the_bearer,
)
from tests.support.staff import make_staff, staff_client

pytestmark = pytest.mark.django_db


def reminders() -> list[str]:
    return list(OutboxMessage.objects.filter(kind=REMINDER_KIND).values_list("to", flat=True))


def test_who_uses_a_token_is_told_two_weeks_before_its_end_and_once() -> None:
    user = make_staff(StaffRole.OPERATOR)
    made = own_token(user)
    the_bearer(made)
    soon = made.row.expires_at - AHEAD
    assert remind_of_ends(at=soon - timedelta(seconds=1)) == 0
    assert [remind_of_ends(at=soon), remind_of_ends(at=soon)] == [1, 0]
    assert reminders() == [user.email]
    message = OutboxMessage.objects.get(kind=REMINDER_KIND)
    rendered = get_kind(REMINDER_KIND).prepare(message, soon)
    assert rendered is not None
    assert f"/staff/tokens/{made.row.pk}/rotate/" in rendered.text
    assert made.text not in rendered.text


def test_nobody_is_told_of_a_token_that_is_not_used_or_has_a_successor() -> None:
    user = make_staff(StaffRole.OPERATOR)
    own_token(user)
    rotated = own_token(user)
    the_bearer(rotated)
    rotate_token(token=rotated.row, by=actor(user), at=clock.now(), now=False)
    assert remind_of_ends(at=rotated.row.expires_at - timedelta(days=1)) == 0


def test_of_a_service_account_its_contact_is_told() -> None:
    client = staff_client(StaffRole.OPERATOR)
    text = service_token(client, make_service(client))
    assert find_bearer(text, address=ADDRESS, at=clock.now())
    remind_of_ends(at=clock.now() + timedelta(days=360))
    assert reminders() == ["robots@example.org"]


def test_a_token_that_cannot_be_told_of_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    odd, good = make_staff(StaffRole.OPERATOR, name="odd"), make_staff(StaffRole.OPERATOR)
    for user in (odd, good):
        made = own_token(user)
        the_bearer(made)
    real = systems.mailbox_of

    def mailbox_of(user: User) -> str:
        if user.pk == odd.pk:
            raise ValueError("odd row")
        return real(user)

    monkeypatch.setattr(token_reminders, "mailbox_of", mailbox_of)
    assert remind_of_ends(at=made.row.expires_at - AHEAD) == 1
    assert reminders() == [good.email]
    assert "odd row" in caplog.text
