"""Accounts of an earlier portal: brought in, and checked by their old password once."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction

from core.accounts.models import ImportedAccount, User
from core.accounts.passwords.hashers import hash_gate
from core.accounts.passwords.imported_hashes import read_hash
from core.accounts.passwords.rules import LONGEST_PASSWORD
from core.accounts.selectors import find_account_by_username
from core.accounts.services.accounts import create_account
from core.accounts.services.sign_in import (
    PasswordCheck,
    concluded,
    password_matches,
    turned_away,
)
from core.accounts.services.throttle import address_is_throttled, hold_first_login_turn
from core.common.crypto import constant_time_equal, current_key_version, keyed_digest
from core.common.ids import uuid7

_DIGEST_PURPOSE = "imported-address"


@transaction.atomic
def import_account(
    *,
    username: str,
    email: str,
    first_name: str,
    last_name: str,
    phone: str,
    password_hash: str,
    by: UUID | None,
    at: datetime,
) -> User:
    """Make an account without a password of its own, its address unproven.

    Called by the import of current portal users. `password_hash` is one that `read_hash` takes,
    or empty: then the person gets a link by mail. It counts as never used until its owner comes.
    Records `account.created`. Raises UsernameTakenError, EmailTakenError.
    """
    user = create_account(
        username=username,
        email=email,
        first_name=first_name,
        last_name=last_name,
        phone=phone,
        password_hash=make_password(None),
        is_used=False,
        by=by,
        at=at,
    )
    version = current_key_version()
    ImportedAccount.objects.create(
        user=user,
        email_digest=_digest(email, version),
        key_version=version,
        family=read_hash(password_hash).family if password_hash else "",
        encoded=password_hash,
        imported_at=at,
    )
    return user


@transaction.atomic
def restore_accounts(*, accounts: Sequence[User], at: datetime) -> int:
    """Make accounts as another deployment had them, without password and factor.

    Called by the restoring of a contract's data. Their owners come in as those of an earlier portal
    do whose password did not come along: by a link to their address. Returns how many were made;
    who restores records it. The database refuses an address, username or key that is taken.
    """
    version = current_key_version()
    made_at = [one.created_at for one in accounts]
    for one in accounts:
        one.password = make_password(None)
    User.objects.bulk_create(accounts)
    for one, moment in zip(accounts, made_at, strict=True):
        one.created_at = moment  # an insert has put its own moment there
    User.objects.bulk_update(accounts, ["created_at"])
    ImportedAccount.objects.bulk_create(
        ImportedAccount(
            user=one,
            email_digest=_digest(one.email, version),
            key_version=version,
            imported_at=at,
        )
        for one in accounts
    )
    return len(accounts)


def was_imported_as(imported: ImportedAccount, email: str) -> bool:
    """Tell whether an account came from a file that named this address."""
    return constant_time_equal(bytes(imported.email_digest), _digest(email, imported.key_version))


def list_families() -> set[str]:
    """Return the kinds of hashes that first logins are checked by; each one costs every check."""
    kinds = ImportedAccount.objects.exclude(encoded="").order_by("family")
    return set(kinds.values_list("family", flat=True).distinct())


def check_first_password(
    *, username: str, password: str, address: str, at: datetime
) -> PasswordCheck:
    """Return the account when username and password fit: that of the earlier portal, or its own.

    For the first-login page alone; what follows is MFA registration and never a session. One
    counter and one lock with the sign-in by e-mail address. Passwords for one username are compared
    one after another, but not in one turn with those for an address: who made sign-ins wait would
    learn from a wait here which username belongs to the address. What was compared beside each
    other on the two pages is settled by the account's row (`concluded`). Whatever is wrong, the
    same work is done: one hash of ours and one of each kind that came with imported accounts,
    whoever's it is. Records as `check_password_of` does. Raises HashingBusyError before anything
    is counted.
    """
    if address_is_throttled(address, at=at):
        return turned_away(address, at=at)
    with hash_gate.place(), transaction.atomic():
        hold_first_login_turn(username)
        user = find_account_by_username(username)
        imported = _imported_of(user)
        matches = _old_password_matches(imported, password)
        matches = password_matches(user, password) or matches
        has_password = imported is not None or (user is not None and user.has_usable_password())
        return concluded(user, matches=matches, counts=has_password, address=address, at=at)


def _imported_of(user: User | None) -> ImportedAccount | None:
    owned = ImportedAccount.objects.filter(user_id=user.id if user else uuid7())
    return owned.exclude(encoded="").first()


def _old_password_matches(own: ImportedAccount | None, password: str) -> bool:
    """Compare with the account's hash, and once with another of each other kind.

    What other comparisons give is thrown away: they are there to take their time.
    """
    matches = False
    kinds = ImportedAccount.objects.exclude(encoded="").order_by("family", "id")
    for sample in kinds.distinct("family"):
        is_own = own is not None and own.family == sample.family
        encoded = own.encoded if own is not None and is_own else sample.encoded
        with hash_gate.slot():
            fits = read_hash(encoded).fits(password[:LONGEST_PASSWORD])
        matches = matches or (fits and is_own)
    return matches and len(password) <= LONGEST_PASSWORD


def _digest(email: str, version: int) -> bytes:
    return keyed_digest(_DIGEST_PURPOSE, email.strip().lower(), version=version)
