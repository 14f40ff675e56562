from datetime import timedelta
from uuid import UUID

import pytest
from pytest_django import DjangoAssertNumQueries

from core.notifications.models import OutboxMessage
from core.notifications.selectors import delivery_is_late
from core.notifications.services.delivery import deliver_message
from tests.integration.notifications.conftest import AT, Clock, FakeChannel, Minter, put

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("waited", "attempts", "late"),
    [
        (9, 0, False),
        (11, 0, True),
        (86_400, 0, True),
        (11, 2, True),
        (1_200, 2, False),
    ],
)
def test_mail_is_late_when_messages_wait(
    minter: Minter, announced: list[UUID], waited: int, attempts: int, late: bool
) -> None:
    message = put("sample_link")
    OutboxMessage.objects.filter(id=message.id).update(attempts=attempts)
    assert delivery_is_late(at=AT + timedelta(seconds=waited)) is late


def test_mail_is_not_late_when_it_was_sent(
    minter: Minter, announced: list[UUID], channel: FakeChannel, clock: Clock
) -> None:
    deliver_message(message_id=put("sample_link").id, clock=clock)
    assert not delivery_is_late(at=AT + timedelta(hours=1))


def test_the_question_costs_one_statement(
    minter: Minter, announced: list[UUID], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    delivery_is_late(at=AT)  # the connection finds its schema
    with django_assert_num_queries(1):
        delivery_is_late(at=AT)
