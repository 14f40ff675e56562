"""Forgot password: prove the address, then the account's own factor, then set a new password.

docs/adr/0013 says what opens a locked account, and why a stranger learns nothing.
"""

from core.mfa.services.resets.beginning import (
    Begun,
    begin_reset,
    send_reset_code,
    verify_reset_code,
)
from core.mfa.services.resets.finishing import finish_reset
from core.mfa.services.resets.proving import (
    keep_reset_proof,
    note_reset_factor,
    prove_present_password,
)
from core.mfa.services.resets.runs import (
    ResetOverError,
    ResetRun,
    WrongResetStepError,
    close_reset,
    find_just_completed,
    find_reset,
)

__all__ = [
    "Begun",
    "ResetOverError",
    "ResetRun",
    "WrongResetStepError",
    "begin_reset",
    "close_reset",
    "find_just_completed",
    "find_reset",
    "finish_reset",
    "keep_reset_proof",
    "note_reset_factor",
    "prove_present_password",
    "send_reset_code",
    "verify_reset_code",
]
