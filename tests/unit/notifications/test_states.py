import pytest

from core.notifications.states import (
    TRANSITIONS,
    MessageStateError,
    MessageStatus,
    check_transition,
    may_become,
)

FINAL = {
    MessageStatus.BOUNCED,
    MessageStatus.COMPLAINED,
    MessageStatus.EXPIRED,
    MessageStatus.CANCELLED,
}


def test_every_state_has_a_row() -> None:
    assert set(TRANSITIONS) == set(MessageStatus)


@pytest.mark.parametrize("status", sorted(FINAL))
def test_nothing_leaves_a_final_state(status: MessageStatus) -> None:
    assert TRANSITIONS[status] == frozenset()


def test_what_was_refused_can_only_be_tried_again_by_a_person() -> None:
    assert TRANSITIONS[MessageStatus.FAILED] == {MessageStatus.QUEUED}


def test_what_is_perhaps_sent_never_goes_back_to_the_queue() -> None:
    assert not may_become(MessageStatus.UNKNOWN, MessageStatus.QUEUED)


def test_what_was_sent_can_only_come_back() -> None:
    assert TRANSITIONS[MessageStatus.SENT] == {MessageStatus.BOUNCED, MessageStatus.COMPLAINED}


def test_a_step_that_the_table_does_not_know_is_refused() -> None:
    with pytest.raises(MessageStateError):
        check_transition(MessageStatus.SENT, MessageStatus.QUEUED)


def test_nothing_is_sent_without_being_marked_first() -> None:
    assert not may_become(MessageStatus.QUEUED, MessageStatus.SENT)
