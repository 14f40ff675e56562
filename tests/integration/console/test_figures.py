"""Figures of a contract: against a count of our own, day by day, as a picture and as a file."""

import csv
import io
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contracts.console.figures.counting import count_people, count_roster, count_unreachable
from contracts.console.figures.plotting import draw
from contracts.console.models import DailyFigures
from contracts.console.services.figures import keep_figures
from contracts.registration.models import PendingRegistration
from contracts.registration.states import LIVE
from contracts.roster.models import RosterEntry
from core.accounts.models import User
from core.common import clock
from core.groups.models import Membership, Provider, ProviderStatus, Role
from core.mfa.models import Factor
from core.notifications.services.suppression import lift_suppression, suppress
from core.notifications.states import SuppressionReason
from core.staff.models import StaffRole
from tenants import registry
from tenants.context import ActiveContract, contract_context
from tenants.models import Contract
from tenants.states import ContractState
from tests.support.people import make_person, make_provider
from tests.support.staff import staff_client

pytestmark = pytest.mark.django_db
PAGE = "/staff/contracts/wv-bh/figures/"
NIGHT = datetime(2031, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def admin(contract_a: ActiveContract) -> Client:
    return staff_client(StaffRole.CONTRACT_ADMIN, contract_a)


def populate(contract_a: ActiveContract, contract_b: ActiveContract) -> None:
    """Make people of all kinds: an admin, a user of two providers, one elsewhere, one closed."""
    at = clock.now()
    with contract_context(contract_a):
        entries = list(RosterEntry.objects.order_by("id")[:4])
    people = [make_person(name) for name in ("ada", "ben", "cleo", "dan")]
    mine = [
        make_provider(people[0], contract_a),
        make_provider(people[1], contract_a, identifier="1000000012"),
    ]
    make_provider(people[2], contract_b)
    for place, provider in enumerate(mine):
        Provider.objects.filter(pk=provider.pk).update(roster_entry_id=entries[place].pk)
    for provider in mine:
        Membership.objects.create(user=people[3], provider=provider, role=Role.STAFF, since=at)
    gone = make_provider(make_person("eve"), contract_a, identifier="1000000020")
    Provider.objects.filter(pk=gone.pk).update(
        status=ProviderStatus.ENDED, ended_at=at, roster_entry_id=entries[2].pk
    )
    Membership.objects.create(
        user=make_person("finn"), provider=mine[0], role=Role.STAFF, since=at, until=at
    )
    PendingRegistration.objects.create(**journey(contract_a, entries[3].pk, at=at))
    PendingRegistration.objects.create(**journey(contract_a, entries[0].pk, at=at))
    User.objects.filter(username="dan").update(last_used_at=None)
    User.objects.filter(username="ada").update(last_used_at=at - timedelta(days=1))
    User.objects.filter(username="ben").update(last_used_at=at - timedelta(days=40))


def journey(contract: ActiveContract, entry: UUID, *, at: datetime) -> dict[str, Any]:
    """Return a submitted registration of an entry, with what the table wants."""
    return {
        "contract_id": contract.id,
        "unit_key": str(entry),
        "identifier": "1",
        "identifier_type": "npi",
        "roster_entry_id": entry,
        "evidence": {},
        "username": f"u{entry.hex[-12:]}",
        "first_name": "A",
        "last_name": "B",
        "email": "a@b.example",
        "terms_version": "1",
        "terms_sha256": "0" * 64,
        "terms_accepted_at": at,
        "reserved_until": at + timedelta(hours=1),
        "created_at": at,
    }


def oracle(contract: ActiveContract) -> tuple[int, int, int, Counter[str]]:
    """Count in Python, row by row: entries, registered, begun, users by role."""
    with contract_context(contract):
        entries = {one.pk for one in RosterEntry.objects.all() if one.removed_at is None}
    providers = [one for one in Provider.objects.all() if one.contract_id == contract.id]
    active = [one for one in providers if one.status == "active"]
    registered = {one.roster_entry_id for one in active} & entries
    live = {one.roster_entry_id for one in PendingRegistration.objects.all() if one.state in LIVE}
    roles: set[tuple[str, str]] = set()
    for one in Membership.objects.select_related("user"):
        here = one.provider in active or one.group_id in {each.group_id for each in active}
        if here and one.until is None and one.user.is_active:
            roles.add((one.role, str(one.user_id)))
    return (
        len(entries),
        len(registered),
        len(live & entries - registered),
        Counter(role for role, _ in roles),
    )


def test_the_numbers_are_those_of_a_count_by_hand(
    contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    populate(contract_a, contract_b)
    entries, registered, begun, roles = oracle(contract_a)
    with contract_context(contract_a):
        roster = count_roster()
    assert (roster.entries, roster.registered, roster.begun) == (entries, registered, begun)
    assert (roster.registered, roster.begun) == (2, 1)
    assert roster.never == entries - registered - begun
    people = count_people(contract_a.id, at=clock.now())
    assert sorted(share.number for share in people.roles) == sorted(roles.values())
    assert people.users == 3
    assert sum(share.number for share in people.last_used) == 3
    last = {share.label: share.number for share in people.last_used}
    assert (last["Within 7 days"], last["31 to 90 days ago"], last["Never"]) == (1, 1, 1)
    factors = {share.label: share.number for share in people.factors}
    held = Factor.objects.filter(user__username__in=["ada", "ben", "dan"], kind="email")
    assert factors["E-mail"] == held.count()


def test_an_address_that_gets_no_notices_is_counted_until_it_does(
    contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    populate(contract_a, contract_b)
    address = User.objects.get(username="ben").email
    suppress(address=address.upper(), reason=SuppressionReason.BOUNCE, at=clock.now())
    assert count_unreachable(contract_a.id) == 1
    assert count_unreachable(contract_b.id) == 0
    lift_suppression(address=address, at=clock.now() + timedelta(minutes=1))
    assert count_unreachable(contract_a.id) == 0


def test_the_number_of_statements_does_not_grow(
    contract_a: ActiveContract, contract_b: ActiveContract
) -> None:
    def statements() -> int:
        with (
            CaptureQueriesContext(
                connection,
            ) as asked,
            contract_context(contract_a),
        ):
            count_roster()
            count_people(contract_a.id, at=clock.now())
        return len(asked)

    before = statements()
    populate(contract_a, contract_b)
    assert statements() == before


def test_each_night_keeps_the_day_that_ended_once(contract_a: ActiveContract) -> None:
    contracts = len(registry.list_contracts())
    assert keep_figures(at=NIGHT) == contracts
    assert keep_figures(at=NIGHT + timedelta(hours=1)) == 0
    kept = DailyFigures.objects.get(contract_id=contract_a.id)
    assert kept.on == date(2031, 3, 1)
    with contract_context(contract_a):
        assert kept.entries == RosterEntry.objects.filter(removed_at=None).count()
    assert keep_figures(at=NIGHT + timedelta(days=1)) == contracts


def test_one_that_cannot_be_counted_leaves_the_others_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    contracts = len(registry.list_contracts())
    Contract.objects.filter(slug="ms-um").update(schema_migrations={"contracts_roster": "0000_x"})
    registry.announce()
    assert keep_figures(at=NIGHT) == contracts - 1
    assert "figures of ms-um: not kept" in caplog.text


def test_the_database_keeps_one_row_a_day_and_no_impossible_one(
    contract_a: ActiveContract,
) -> None:
    keep_figures(at=NIGHT)
    kept = DailyFigures.objects.filter(contract_id=contract_a.id).get()
    kept.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        DailyFigures(**_fields(kept)).save()
    with pytest.raises(IntegrityError), transaction.atomic():
        DailyFigures(**{**_fields(kept), "on": date(2031, 1, 1), "entries": 0, "begun": 1}).save()


def _fields(row: DailyFigures) -> dict[str, object]:
    names = ("contract_id", "on", "entries", "registered", "begun", "users", "unreachable")
    return {name: getattr(row, name) for name in (*names, "counted_at")}


def kept_day(contract: ActiveContract, days_ago: int, registered: int) -> DailyFigures:
    at = clock.now() - timedelta(days=days_ago)
    return DailyFigures.objects.create(
        contract_id=contract.id,
        on=at.date(),
        entries=1_000_000,
        registered=registered,
        begun=2,
        users=registered // 2,
        unreachable=0,
        counted_at=at,
    )


def test_the_page_shows_them_with_a_picture_and_the_same_numbers_in_a_table(
    admin: Client, contract_a: ActiveContract, contract_c: ActiveContract
) -> None:
    kept_day(contract_a, 5, 4321)
    kept_day(contract_a, 200, 17)
    kept_day(contract_c, 6, 9876)
    page = admin.get(PAGE).content.decode()
    assert '<svg class="plot__picture"' in page
    assert "<td>4,321</td>" in page
    assert "<td>17</td>" not in page
    assert "9,876" not in page
    assert "<td>17</td>" in admin.get(f"{PAGE}?days=365").content.decode()
    assert admin.get(f"{PAGE}?days=%27").status_code == 200
    answer = admin.get(f"{PAGE}figures.csv?days=90")
    rows = list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert rows[0][:3] == ["day", "entries", "registered"]
    assert rows[1][1:5] == ["1000000", "4321", "2", str(1_000_000 - 4321 - 2)]
    assert len(rows) == 3


def test_the_picture_rises_where_the_numbers_do(contract_a: ActiveContract) -> None:
    days = [kept_day(contract_a, ago, number) for ago, number in ((9, 0), (5, 300), (1, 7000))]
    plot = draw(days)
    assert plot
    points = [tuple(map(float, point.split(","))) for point in plot.lines[0].points.split()]
    for before, after in pairwise(points):
        assert before[0] < after[0]
        assert before[1] > after[1]
    assert [rung.label for rung in plot.rungs] == ["0", "2,000", "4,000", "6,000", "8,000"]
    assert draw(days[:1]) is None


def test_who_reads_reports_sees_them_and_nobody_else(contract_a: ActiveContract) -> None:
    assert staff_client(StaffRole.AUDITOR).get(PAGE).status_code == 200
    desk = staff_client(StaffRole.HELP_DESK, name="hank")
    assert desk.get(PAGE).status_code == desk.get(f"{PAGE}figures.csv").status_code == 403
    other = staff_client(StaffRole.CONTRACT_ADMIN, registry.get_contract("ms-um"), name="mona")
    assert other.get(PAGE).status_code == 404


def test_a_contract_that_rests_has_figures_and_one_in_the_archive_has_none() -> None:
    operator = staff_client(StaffRole.OPERATOR)
    for state, text in (
        (ContractState.SUSPENDED, "Never begun"),
        (ContractState.ARCHIVED, "There is nothing to count"),
    ):
        Contract.objects.filter(slug="wv-bh").update(state=state)
        registry.announce()
        assert text in operator.get(PAGE).content.decode()
