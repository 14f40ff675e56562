"""Whether a contract accepts how somebody signs in, before a provider of it joins their account.

Design decision 7: factor methods are never merged; entering a contract compares the session with
that contract's policy. This is the place from which a page that enrols a factor, or asks for one
that the account has, is reached.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from core.mfa.policies import accepts
from core.mfa.selectors import kinds_of
from tenants.context import ActiveContract

_WORDS: Final = {
    "phone": "a phone",
    "email": "e-mail",
    "totp": "an authenticator app",
    "passkey": "a passkey",
}


@dataclass(frozen=True)
class FactorGap:
    """What a contract asks for and the session does not have.

    `can_sign_in` tells that the account has an accepted factor, and only signed in by another one.
    """

    asked: Sequence[str]
    can_sign_in: bool


def find_factor_gap(
    *, contract: ActiveContract, account_id: UUID, used: Sequence[str]
) -> FactorGap | None:
    """Return what is missing for a session that proved the channels `used`; None when nothing is.

    Called before anything is stored for the contract.
    """
    methods = contract.document.mfa.methods
    if accepts(methods, used):
        return None
    return FactorGap(
        asked=[_WORDS[method] for method in methods],
        can_sign_in=accepts(methods, kinds_of(account_id)),
    )
