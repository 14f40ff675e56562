"""Accounts, where they work, their sessions, and failures by network address."""

from core.accounts.models.accounts import (
    AddressFailures,
    ContractAccess,
    Deactivation,
    User,
    UserManager,
    register_account_fact,
)
from core.accounts.models.attempts import LimitCount
from core.accounts.models.imported import ImportedAccount
from core.accounts.models.inactivity import InactivityWarning
from core.accounts.models.sessions import Session
from core.accounts.models.typed_forms import LONGEST_PATH, TYPED_FORM_LIFE, TypedForm

__all__ = [
    "LONGEST_PATH",
    "TYPED_FORM_LIFE",
    "AddressFailures",
    "ContractAccess",
    "Deactivation",
    "ImportedAccount",
    "InactivityWarning",
    "LimitCount",
    "Session",
    "TypedForm",
    "User",
    "UserManager",
    "register_account_fact",
]
