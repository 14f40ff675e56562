"""Check a file of new users row by row, before anything happens.

Nothing here writes. The places that all rows are held against (the admin's providers, open
invitations, usernames) are read once for the whole file.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Final
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError

from core.accounts.account_form import AccountForm
from core.accounts.selectors import taken_usernames
from core.common.identifiers import normalize
from core.common.tables import FileRow
from core.groups.access import list_memberships
from core.groups.models import Invitation, Provider
from core.groups.permissions import Permission
from core.groups.policies import roles_reaching, roles_to_give
from core.groups.reach import Reach, list_reached_invitations, list_reached_providers
from core.groups.roles import STAFF, roles_in
from core.groups.services.leaving import ProviderLeavingError
from tenants.context import ActiveContract

_FIELD_OF: Final = {"state": "us_state"}
_PERSON: Final = (
    *("first_name", "last_name", "email", "phone", "fax"),
    *("address_1", "address_2", "city", "state", "zip"),
)
MOST_TOLD: Final = 300
"""Own figure: the signs in which the problems of a row are told."""
_TAKEN: Final = "This username is taken. Leave the cell empty to have one proposed."
_ROUNDS: Final = 20
_BASE: Final = 50


@dataclass
class CheckedRow:
    """A row as it was read: an invitation to send, or what is wrong with it, cell by cell."""

    number: int
    values: dict[str, str] = field(default_factory=dict)
    providers: tuple[Provider, ...] = ()
    role: str = STAFF.key
    column: str = ""
    problem: str = ""
    username_is_proposed: bool = False
    typed_email: str = ""

    def refuse(self, column: str, problem: str) -> None:
        """Note a problem: the first one of a row with its column, then others as they fit."""
        # Some sentences quote the value, which may have what no database takes.
        told = _readable(problem)
        if not self.problem:
            self.column, self.problem = column, told
        elif len(both := f"{self.problem} {column}: {told}") <= MOST_TOLD:
            self.problem = both


def check_rows(reach: Reach, rows: Iterable[FileRow]) -> list[CheckedRow]:
    """Return each row of a file as an invitation of the admin's, or with its problem."""
    desk = _Desk.of(reach)
    checked = [_check(desk, row) for row in rows]
    _refuse_doubles(checked, "email", "This address is in row {other} already.")
    _refuse_invited(reach, checked)
    _settle_usernames(checked)
    return checked


@dataclass(frozen=True)
class _Desk:
    """What the rows of one file are held against."""

    by_number: dict[str, list[Provider]]
    roles_at: dict[UUID, set[str]]
    """Which roles the admin may give, by provider."""
    fields: dict[UUID, dict[str, forms.Field]]
    """The fields of Add New User, by contract."""

    @classmethod
    def of(cls, reach: Reach) -> "_Desk":
        by_number = defaultdict(list)
        roles_at = {}
        own = list(list_memberships(reach.actor))
        for provider in list_reached_providers(reach, Permission.USERS_INVITE):
            by_number[normalize(provider.identifier)].append(provider)
            reaching = roles_reaching(
                own,
                group_id=provider.group_id,
                provider_id=provider.id,
                partly_entered=reach.partly_entered,
            )
            mine = roles_to_give(
                reaching, Permission.USERS_INVITE, contract_id=provider.contract_id
            )
            roles_at[provider.id] = {role.key for role in mine}
        fields = {one.id: _fields_in(one) for one in reach.contracts}
        return cls(dict(by_number), roles_at, fields)


def _fields_in(contract: ActiveContract) -> dict[str, forms.Field]:
    """Return the fields of a contract's Add New User, which know what they are called."""
    form = AccountForm(fields=contract.document.profile.added_user)
    form.full_clean()
    return form.fields


def _check(desk: _Desk, row: FileRow) -> CheckedRow:
    typed_email = _readable(row.cells.get("email", "")).strip()[:254]
    checked = CheckedRow(row.number, typed_email=typed_email)
    if row.fault:
        checked.refuse("", row.fault)
        return checked
    _find_providers(desk, row, checked)
    if checked.problem:
        return checked
    _find_role(desk, row, checked)
    _clean_person(desk.fields[checked.providers[0].contract_id], row, checked)
    return checked


def _readable(typed: str) -> str:
    """Return a text without signs that cannot be shown, nor kept (NUL)."""
    return "".join(sign for sign in typed if sign.isprintable())


def _find_providers(desk: _Desk, row: FileRow, checked: CheckedRow) -> None:
    found: dict[UUID, Provider] = {}
    for typed in row.cells["provider"].replace(",", ";").split(";"):
        if not typed.strip():
            continue
        number = normalize(typed)
        fitting = desk.by_number.get(number, [])
        if len(fitting) != 1:
            return checked.refuse("provider", _why_not_one(desk, number, fitting))
        if fitting[0].suspends_at is not None:
            return checked.refuse("provider", ProviderLeavingError.message)
        found[fitting[0].id] = fitting[0]
    providers = tuple(found.values())
    if not providers:
        return checked.refuse("provider", "Enter the number of one of your providers.")
    if len({(one.group_id, one.contract_id) for one in providers}) > 1:
        return checked.refuse(
            "provider", "These providers are not of one group and program. Use a row for each."
        )
    checked.providers = providers
    return None


def _why_not_one(desk: _Desk, number: str, fitting: Sequence[Provider]) -> str:
    if len({one.contract_id for one in fitting}) > 1:
        return "Two programs have this number. Send the file on the page of the one that is meant."
    if fitting:
        return (
            "Several of your locations have this number. Use Add New User of the one that is meant."
        )
    stripped = number.lstrip("0")
    if stripped and any(known.lstrip("0") == stripped for known in desk.by_number):
        return "The number has lost its leading zeros. Set the column's format to text."
    return "None of your providers has this number."


def _find_role(desk: _Desk, row: FileRow, checked: CheckedRow) -> None:
    typed = row.cells.get("role", "").strip().lower()
    roles = roles_in(checked.providers[0].contract_id)
    known = {"": STAFF.key} | {one.key: one.key for one in roles}
    key = ({one.name.lower(): one.key for one in roles} | known).get(typed)
    if key is None:
        names = ", ".join(one.name for one in roles)
        return checked.refuse("role", f"This is not a role. The roles are: {names}.")
    if any(key not in desk.roles_at[one.id] for one in checked.providers):
        return checked.refuse("role", "This role is not yours to give there.")
    checked.role = key
    return None


def _clean_person(fields: dict[str, forms.Field], row: FileRow, checked: CheckedRow) -> None:
    for column in _PERSON:
        checked.values[column] = _clean(fields, column, row, checked)
    typed = row.cells.get("username", "").strip()
    checked.username_is_proposed = not typed
    checked.values["username"] = _clean(fields, "username", row, checked) if typed else ""
    checked.values["email"] = checked.values["email"].lower()


def _clean(fields: dict[str, forms.Field], column: str, row: FileRow, checked: CheckedRow) -> str:
    try:
        return str(fields[_FIELD_OF.get(column, column)].clean(row.cells.get(column, "")) or "")
    except ValidationError as error:
        checked.refuse(column, " ".join(str(message) for message in error.messages))
        return ""


def _right(rows: Iterable[CheckedRow]) -> list[CheckedRow]:
    return [row for row in rows if not row.problem]


def _refuse_doubles(rows: Iterable[CheckedRow], column: str, sentence: str) -> None:
    first: dict[str, int] = {}
    for row in rows:
        value = row.values.get(column, "").lower()
        if value and first.setdefault(value, row.number) != row.number:
            row.refuse(column, sentence.format(other=first[value]))


def _refuse_invited(reach: Reach, rows: Sequence[CheckedRow]) -> None:
    """Refuse addresses with an open invitation that the admin sent or could have sent."""
    placed = [row for row in rows if row.providers]
    groups = {row.providers[0].group_id for row in placed}
    own = Invitation.objects.filter(Invitation.OPEN, invited_by=reach.actor.id)
    invited = (list_reached_invitations(reach, Permission.USERS_INVITE) | own).filter(
        group__in=groups
    )
    known = {(group, email.lower()) for group, email in invited.values_list("group", "email")}
    for row in placed:
        if (row.providers[0].group_id, row.values["email"]) in known:
            row.refuse("email", "This address has an invitation of your group that is still open.")


def _settle_usernames(rows: Sequence[CheckedRow]) -> None:
    _refuse_doubles(_right(rows), "username", "This username is in row {other} already.")
    typed = [row for row in _right(rows) if not row.username_is_proposed]
    taken = taken_usernames(row.values["username"] for row in typed)
    for row in typed:
        if row.values["username"].lower() in taken:
            row.refuse("username", _TAKEN)
    _propose([row for row in _right(rows) if row.username_is_proposed], typed)


def _propose(rows: Sequence[CheckedRow], typed: Iterable[CheckedRow]) -> None:
    """Give each row first.last as its username, with a number where somebody has it."""
    used = {row.values["username"].lower() for row in typed}
    names: dict[str, Iterator[str]] = {}
    waiting = list(rows)
    for _ in range(_ROUNDS):
        for row in waiting:
            row.values["username"] = _free_name(row, used, names)
            used.add(row.values["username"])
        taken = taken_usernames(row.values["username"] for row in waiting)
        waiting = [row for row in waiting if row.values["username"] in taken]
        if not waiting:
            return
    for row in waiting:
        row.refuse("username", "No username could be proposed. Enter one.")


def _free_name(row: CheckedRow, used: Container[str], names: dict[str, Iterator[str]]) -> str:
    """Return the next name that no other row has; `names` goes on where the last such row ended.

    Thousands of rows may have one name: none of its numbers is looked at twice.
    """
    parts = (_plain(row.values["first_name"]), _plain(row.values["last_name"]))
    base = (".".join(filter(None, parts)) or "user")[:_BASE].strip(".").ljust(3, "0")
    if base not in names:
        names[base] = chain([base], (f"{base}{number}" for number in count(2)))
    return next(name for name in names[base] if name not in used)


def _plain(name: str) -> str:
    """Return a name in the letters that a username may have."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "".join(sign for sign in plain if sign.isalnum())
