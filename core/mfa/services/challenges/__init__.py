"""One-time codes and calls: ask for one, answer it, count the tries."""

from core.mfa.services.challenges.answering import (
    Verdict,
    VerifyResult,
    answer_call,
    use_answered_call,
    verify_challenge,
)
from core.mfa.services.challenges.asking import (
    CHANGE_CODE_KIND,
    KIND_OF_CHANNEL,
    RESET_CODE_KIND,
    StartRefusal,
    StartResult,
    start_challenge,
)
from core.mfa.services.challenges.attempts import forget_attempts

__all__ = [
    "CHANGE_CODE_KIND",
    "KIND_OF_CHANNEL",
    "RESET_CODE_KIND",
    "StartRefusal",
    "StartResult",
    "Verdict",
    "VerifyResult",
    "answer_call",
    "forget_attempts",
    "start_challenge",
    "use_answered_call",
    "verify_challenge",
]
