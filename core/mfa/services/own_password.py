"""Change the password of one's own account."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction

from core.accounts.models import User
from core.accounts.passwords.rules import blocked_words, broken_rules, normalize_password
from core.accounts.policies import brand_words, contracts_in_hand, password_rules, policy_for
from core.accounts.services.passwords import WeakPasswordError, replace_password
from core.mfa.services.browsers import forget_all_browsers
from core.mfa.services.changes import ChangeOverError
from tenants.configuration.document import BrandSection


def change_own_password(
    *, user: User, password: str, brand: BrandSection, contract_id: UUID | None, at: datetime
) -> User:
    """Give the account in hand a new password; returns it with its new epoch.

    Called by the owner's page after a fresh sign-in, with the account as the request saw it. The
    rules are the strictest of the account's contracts; words of all their brands are blocked. Ends
    sessions, links and remembered browsers, tells the owner, records `account.password_changed`.
    Raises WeakPasswordError, HashingBusyError, and ChangeOverError when the account has changed
    meanwhile. The hash is made outside the transaction: no row is locked while it waits.
    """
    contracts = contracts_in_hand(user)
    brands = [brand, *(contract.document.brand for contract in contracts)]
    words = blocked_words(user.first_name, user.last_name, user.username, user.email.split("@")[0])
    words = words.union(*(brand_words(one) for one in brands))
    problems = broken_rules(password, rules=password_rules(policy_for(user)), words=words)
    if problems:
        raise WeakPasswordError(problems)
    encoded = make_password(normalize_password(password))
    with transaction.atomic():
        held = User.objects.select_for_update().get(pk=user.id)
        if held.security_epoch != user.security_epoch or not held.is_active:
            raise ChangeOverError
        changed = replace_password(
            user_id=user.id,
            password_hash=encoded,
            reason="changed_by_owner",
            contract_id=contract_id,
            by=user.id,
            at=at,
        )
        forget_all_browsers(user_id=user.id, reason="password_changed", by=user.id, at=at)
    return changed
