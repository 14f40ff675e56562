"""Which account a person of the file is: one that exists already, or one to be made."""

from collections.abc import Iterable, Sequence
from typing import Final

from django.db.models.functions import Lower

from contracts.legacy.people import Person
from core.accounts.models import User
from core.accounts.passwords.imported_hashes import read_hash
from core.accounts.selectors import username_is_available
from core.accounts.services.imported import list_families, was_imported_as
from core.common.tables import Rejection

# Own figure: every first login costs one comparison of each kind.
MOST_FAMILIES: Final = 8
_BATCH: Final = 5_000
_OF_ANOTHER: Final = (
    "An account with this username exists and has another address: it may be another person's."
)
_ADDRESS_TAKEN: Final = "An account with another username has this address."
_RESERVED: Final = "A registration under way has reserved this username. Try again when it is over."


def find_accounts(people: Sequence[Person]) -> tuple[dict[str, User], list[Rejection]]:
    """Return the accounts that exist already, by username in lower case, and what is in the way.

    An account is the same person's when it has the address of the file, or was imported with it
    and has proven another one since. Any other account with the username may be a stranger's, who
    would be given what is not theirs.
    """
    by_name = _accounts_by("username", [person.first.name_key for person in people])
    by_address = _accounts_by("email", [person.first.email for person in people])
    rejections: list[Rejection] = []
    for person in people:
        row = person.first
        user = by_name.get(row.name_key)
        if user is None:
            rejections += _in_the_way(person, by_address)
        elif user.email.lower() != row.email:
            origin = user.imported if hasattr(user, "imported") else None
            if origin is None or not was_imported_as(origin, row.email):
                rejections.append(Rejection(row.number, "username", _OF_ANOTHER))
    new = [person for person in people if person.first.name_key not in by_name]
    return by_name, rejections + _too_many_families(new)


def _in_the_way(person: Person, by_address: dict[str, User]) -> list[Rejection]:
    row = person.first
    if row.email in by_address:
        return [Rejection(row.number, "email", _ADDRESS_TAKEN)]
    if not username_is_available(row.username):
        return [Rejection(row.number, "username", _RESERVED)]
    return []


def _accounts_by(field: str, values: Sequence[str]) -> dict[str, User]:
    found: dict[str, User] = {}
    for begin in range(0, len(values), _BATCH):
        accounts = User.objects.select_related("imported").alias(folded=Lower(field))
        for user in accounts.filter(folded__in=values[begin : begin + _BATCH]):
            found[str(getattr(user, field)).lower()] = user
    return found


def _too_many_families(people: Iterable[Person]) -> list[Rejection]:
    families = list_families()
    for person in people:
        for row in person.rows:
            if row.password_hash:
                families.add(read_hash(row.password_hash).family)
                if len(families) > MOST_FAMILIES:
                    reason = (
                        f"There are more than {MOST_FAMILIES} kinds of hashes, by algorithm and "
                        "work. Leave the rarer ones empty: the person then gets a link by mail."
                    )
                    return [Rejection(row.number, "password_hash", reason)]
    return []
