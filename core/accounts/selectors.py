"""Reads of accounts."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from core.accounts.models import User
from core.common.compiled import CompiledQuery
from core.common.without_case import same_text

UsernameSource = Callable[[], QuerySet[Any]]
_username_sources: list[UsernameSource] = []
_BY_EMAIL = CompiledQuery(
    lambda address: (
        User.objects.with_contracts().alias(address=Lower("email")).filter(address=address)
    )
)


def register_username_source(holders: UsernameSource) -> None:
    """Add a place that reserves usernames which are not accounts yet (pending registrations).

    `holders` returns the rows whose `username` is reserved, unread: all places are asked by one
    statement. Called in `ready()` of the app that owns the place.
    """
    if holders not in _username_sources:
        _username_sources.append(holders)


def find_account_by_email(email: str) -> User | None:
    """Return the account that has an address, compared without case; None when there is none.

    With what `UserManager.with_contracts` says of it.
    """
    return _BY_EMAIL.first(address=email.strip().lower())


def find_account_by_username(username: str) -> User | None:
    """Return the account that has a username, compared without case."""
    return User.objects.filter(same_text("username", username)).first()


def get_account(user_id: UUID) -> User:
    """Return an account by its key. Raises User.DoesNotExist."""
    return User.objects.get(pk=user_id)


def unlocked_accounts(*, at: datetime) -> QuerySet[User]:
    """Return the accounts that no lock holds; the same as `User.is_locked`, for other queries."""
    return User.objects.filter(Q(locked_at__isnull=True) | Q(lock_until__lte=at))


def account_is_locked(user_id: UUID, *, at: datetime) -> bool:
    """Tell whether an account's lock holds; an unknown account counts as locked."""
    user = User.objects.filter(pk=user_id).only("locked_at", "lock_until").first()
    return user is None or user.is_locked(at)


def email_is_taken(email: str) -> bool:
    """Tell whether an address belongs to an account.

    Only for people who have proven that the address is theirs, or inside the server: the answer
    must never reach anybody else.
    """
    return find_account_by_email(email) is not None


def username_is_available(name: str) -> bool:
    """Tell whether no account and no pending registration has a username, compared without case.

    For pages that have passed identifier and code, or for an admin who adds a user.
    """
    return not taken_usernames([name])


def taken_usernames(names: Iterable[str]) -> set[str]:
    """Return those of some names, in lower case, that an account has or something pending reserves.

    Whoever asks for many limits what is told of them (account-security.md).
    """
    wanted = {name.strip().lower() for name in names}
    first, *others = (
        place.annotate(taken=Lower("username"))
        .filter(taken__in=wanted)
        .order_by()
        .values_list("taken", flat=True)
        for place in (User.objects.all(), *(holders() for holders in _username_sources))
    )
    return set(first.union(*others, all=True))


def names_of(accounts: Iterable[UUID | None]) -> dict[UUID, str]:
    """Return the full names of accounts that are there (one query). For pages of staff."""
    people = User.objects.in_bulk({key for key in accounts if key})
    return {key: person.get_full_name() for key, person in people.items()}


def names_by_part(parts: Mapping[str, UUID | None]) -> dict[str, str]:
    """Return the full names of the accounts that took a part, by the part (one query).

    A part that nobody took, or whose account is gone, is left out. For pages of staff.
    """
    names = names_of(parts.values())
    return {part: names[key] for part, key in parts.items() if key in names}
