"""The table of states, and that the database agrees with it."""

import itertools

import pytest

from contracts.registration.states import (
    LIVE,
    TRANSITIONS,
    RegistrationState,
    TransitionError,
    check_transition,
)

S = RegistrationState
_ALLOWED = {
    (S.SUBMITTED, S.LINK_USED),
    (S.SUBMITTED, S.RELEASED),
    (S.SUBMITTED, S.SUPERSEDED),
    (S.LINK_USED, S.LINK_USED),
    (S.LINK_USED, S.SUBMITTED),
    (S.LINK_USED, S.COMPLETED),
    (S.LINK_USED, S.AWAITING),
    (S.AWAITING, S.COMPLETED),
    (S.AWAITING, S.DECLINED),
    (S.AWAITING, S.RELEASED),
    (S.LINK_USED, S.RELEASED),
    (S.LINK_USED, S.SUPERSEDED),
}


@pytest.mark.parametrize(("present", "wanted"), list(itertools.product(S, S)))
def test_transitions(present: S, wanted: S) -> None:
    if (present, wanted) in _ALLOWED:
        check_transition(present, wanted)
    else:
        with pytest.raises(TransitionError):
            check_transition(present, wanted)


def test_every_state_has_a_row_and_ends_are_final() -> None:
    assert set(TRANSITIONS) == set(S)
    assert {state for state, ways in TRANSITIONS.items() if ways} == set(LIVE)
