"""Bring current portal users in: a whole file, or nothing of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from django.db import transaction

from contracts.legacy.groups import NewGroup
from contracts.legacy.people import Person, gather
from contracts.legacy.rows import LegacyRow, check_header, read_row
from contracts.legacy.services.accounts import find_accounts
from contracts.legacy.services.places import Place, find_places
from contracts.legacy.services.standings import ProviderKey, Standing, find_standing
from core.accounts.models import User
from core.accounts.services.imported import import_account
from core.audit.recording import record
from core.common.tables import Rejection, digest_of, read_table
from core.common.turns import hold_turn
from core.groups.models import Membership, Provider, ProviderGroup, ProviderStatus, Role
from core.groups.services.memberships import grant_group_admin, grant_provider_role
from core.groups.services.providers import make_group, register_provider
from tenants import registry

# Own figure: what one transaction brings in within minutes.
MOST_ROWS: Final = 10_000


@dataclass
class ImportReport:
    """What came of a file. `applied` is False for a dry run and for a refused file.

    `widened` counts administrators who get a provider that none of their rows names, because
    somebody else administers it together with one of theirs. `left` counts rows about closed
    accounts and ended providers, which stay as they are.
    """

    dry_run: bool
    rows: int = 0
    rejections: list[Rejection] = field(default_factory=list)
    people: int = 0
    accounts: int = 0
    groups: int = 0
    providers: int = 0
    memberships: int = 0
    widened: int = 0
    left: int = 0
    applied: bool = False

    @property
    def refused(self) -> bool:
        """Whether anything in the file kept it from being taken."""
        return bool(self.rejections or not self.rows)

    @property
    def rejected_rows(self) -> int:
        """How many rows were rejected, each counted once."""
        return len({rejection.row for rejection in self.rejections})

    @property
    def changes(self) -> int:
        """How many rows of the database it made."""
        return self.accounts + self.groups + self.providers + self.memberships


def import_users(
    *, path: Path, by: UUID | None, at: datetime, dry_run: bool = False
) -> ImportReport:
    """Make accounts without factors for the people of a file, with their providers and roles.

    One transaction: a file with a single rejected row changes nothing. Whoever is there already
    stays as they are, so the same file again changes nothing, and two at once make everybody once.
    What an administrator has taken away since is not given back. A dry run goes the same way and
    keeps nothing. Nobody is mailed. Records `accounts.imported` or `accounts.import_refused` with
    the file's digest, and what the accounts, providers and memberships record. Raises
    TableFileError for a file that cannot be read at all.
    """
    digest = digest_of(path)
    report = ImportReport(dry_run=dry_run)
    file = _read(report, path, at=at)
    with transaction.atomic():
        hold_turn("import-users", "")
        _run(report, file, by=by, at=at)
        report.applied = not (report.refused or dry_run)
        if report.applied:
            _record(report, digest, by=by, at=at)
        else:
            transaction.set_rollback(True)
    if report.refused and not dry_run:
        with transaction.atomic():
            _record(report, digest, by=by, at=at)
    return report


@dataclass(frozen=True)
class _File:
    """What stands in a file, and which provider on a roster each row means."""

    rows: Sequence[LegacyRow]
    people: Sequence[Person]
    places: dict[int, Place]


def _read(report: ImportReport, path: Path, *, at: datetime) -> _File:
    """Read the file and the rosters: one transaction works in one contract, so this needs several.

    Nothing is lost by it: a roster that is replaced meanwhile ends no provider either.
    """
    rows = _read_rows(report, path)
    people, clashes = gather(rows)
    places, misplaced = find_places(rows, at=at)
    report.people = len(people)
    report.rejections += clashes + misplaced
    return _File(rows, people, places)


def _run(report: ImportReport, file: _File, *, by: UUID | None, at: datetime) -> None:
    accounts, unknown = find_accounts(file.people)
    report.rejections += unknown
    if report.refused:
        return
    standing, ungrouped = find_standing(file.rows, file.places, accounts)
    report.rejections += ungrouped
    if not report.refused:
        _Writer(report, file.places, accounts, standing, by=by, at=at).write(file.people)


def _read_rows(report: ImportReport, path: Path) -> list[LegacyRow]:
    rows = []
    added = {
        one.slug: [role.key for role in one.document.groups.roles]
        for one in registry.list_contracts()
    }
    for line in read_table(path, check_header):
        report.rows += 1
        if report.rows > MOST_ROWS:
            reason = f"A file has at most {MOST_ROWS} rows. Split it."
            report.rejections.append(Rejection(line.number, "", reason))
            break
        if line.fault:
            report.rejections.append(Rejection(line.number, "", line.fault))
            continue
        row = read_row(line.number, line.cells, added)
        if isinstance(row, LegacyRow):
            rows.append(row)
        else:
            report.rejections += row
    return rows


@dataclass
class _Writer:
    """Makes what is missing, in the transaction of the import."""

    report: ImportReport
    places: dict[int, Place]
    accounts: dict[str, User]
    standing: Standing
    by: UUID | None = field(kw_only=True)
    at: datetime = field(kw_only=True)

    def write(self, people: Sequence[Person]) -> None:
        for person in people:
            if person.first.name_key not in self.accounts:
                self._make_account(person)
        for group in self.standing.new_groups:
            self._register(group)
        for person in people:
            for row in person.rows:
                self._grant(row)

    def _make_account(self, person: Person) -> None:
        row = person.first
        self.accounts[row.name_key] = import_account(
            username=row.username,
            email=row.email,
            first_name=row.first_name,
            last_name=row.last_name,
            phone=person.value("phone"),
            password_hash=person.value("password_hash"),
            by=self.by,
            at=self.at,
        )
        self.report.accounts += 1

    def _register(self, new: NewGroup[ProviderKey]) -> None:
        """Register the providers of a group, each for its first administrator in the file."""
        group = self._group_for(new)
        self.report.widened += new.widened()
        for person in dict.fromkeys(row.person for row in new.rows):
            granted = grant_group_admin(
                user=self.accounts[person], group=group, by=self.by, at=self.at
            )
            self.report.memberships += granted is not None
        for key in new.providers:
            row = next(row for row in new.rows if row.provider == key)
            place = self.places[row.number]
            self.standing.providers[key] = register_provider(
                user=self.accounts[row.person],
                group=group,
                contract=place.contract,
                facts=place.facts,
                by=self.by,
                at=self.at,
            )
            self.report.providers += 1

    def _group_for(self, new: NewGroup[ProviderKey]) -> ProviderGroup:
        """Return the group that the administrators have already, or a new one."""
        present = self.standing.group_of(new)
        if present is not None:
            return present
        self.report.groups += 1
        first = self.places[new.rows[0].number]
        name = new.names[0] if new.names else first.facts.name
        return make_group(name, at=self.at)

    def _grant(self, row: LegacyRow) -> None:
        user = self.accounts[row.name_key]
        provider = self.standing.providers[self.places[row.number].key]
        if provider.status != ProviderStatus.ACTIVE or not user.is_active:
            self.report.left += 1
            return
        if _had_once(user, provider, row.role):
            return
        if row.role == Role.GROUP_ADMIN:
            granted = grant_group_admin(user=user, group=provider.group, by=self.by, at=self.at)
        else:
            granted = grant_provider_role(
                user=user, provider=provider, role=row.role, by=self.by, at=self.at
            )
        self.report.memberships += granted is not None


def _had_once(user: User, provider: Provider, role: str) -> bool:
    """Tell whether a membership is there, or was and has ended: that is not given back.

    Nor when the provider was given up meanwhile and registered anew, perhaps by somebody else.
    """
    memberships = Membership.objects.filter(user=user)
    registered = Provider.objects.filter(
        contract_id=provider.contract_id, unit_key=provider.unit_key
    )
    if role == Role.GROUP_ADMIN:
        return memberships.filter(group__in=registered.values("group")).exists()
    return memberships.filter(provider__in=registered).exists()


def _record(report: ImportReport, digest: str, *, by: UUID | None, at: datetime) -> None:
    record(
        "accounts.import_refused" if report.refused else "accounts.imported",
        actor_id=by,
        result="refused" if report.refused else "ok",
        data={
            "file": digest,
            "rows": report.rows,
            "rejected": report.rejected_rows,
            "accounts": report.accounts,
            "groups": report.groups,
            "providers": report.providers,
            "memberships": report.memberships,
        },
        at=at,
    )
