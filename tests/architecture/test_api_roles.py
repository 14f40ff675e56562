"""Every call of the API against every role, place and right: a new one needs a row.

Roles are held in the contract that the thing belongs to, in another one, or in the whole
deployment, there also by a token that is limited to another contract. Tokens carry every right of
the API, so that the role decides, or all but one that the call needs. What is out of reach answers
exactly as what does not exist. What each call answers stands in `api_rows.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, cast
from unittest import mock
from uuid import UUID

import pytest
from django.urls import URLPattern

from contracts.api import limits
from contracts.api.urls import urlpatterns
from contracts.console.models import PlannedPublication
from contracts.console.publications.states import PublicationState
from contracts.roster.mailings.states import MailingAct, MailingForm
from contracts.roster.models import Mailing, RosterEntry, RosterUpload
from contracts.roster.uploads.states import UploadState
from core.audit.recording import record
from core.common import clock
from core.common.ids import uuid7
from core.staff.api_rights import API_RIGHTS
from core.staff.models import ApiToken, StaffRole
from core.staff.permissions import StaffPermission, permissions_of
from core.staff.services.members import grant_role
from tenants import registry
from tenants.context import ActiveContract, contract_context
from tests.architecture.api_rows import FORBIDDEN, NOWHERE, OK, SLUG, TABLE, Answer, Row
from tests.integration.webhooks.conftest import deliveries_of, happen, make, seal
from tests.support.api import Caller, caller_for
from tests.support.naive import must_fail
from tests.support.people import START, make_person, make_provider
from tests.support.staff import make_staff

pytestmark = pytest.mark.django_db
ALL = frozenset(right.value for right in API_RIGHTS)
_OPEN_TO_EVERYBODY = {"index", "openapi", "reference"}
_AT_TIMES = {"withdrawal POST": {StaffPermission.CONTRACTS_PUBLISH}}
"""What a call needs for some things alone, as its description says."""
_ABSENT = UUID("01900000-0000-7000-8000-000000000000")
Values = dict[str, object]


class Place(Enum):
    """Where somebody's role and token hold."""

    HERE = "here"
    ELSEWHERE = "elsewhere"
    EVERYWHERE = "everywhere"
    NARROWED = "everywhere, by a token for elsewhere"
    BESIDE = "here, and as contract admin elsewhere"

    @property
    def reaches(self) -> bool:
        return self not in {Place.ELSEWHERE, Place.NARROWED}


_WIDE, _NAMED = (Place.EVERYWHERE, Place.NARROWED), (Place.HERE, Place.ELSEWHERE)
PLACES = {
    StaffRole.OPERATOR: _WIDE,
    StaffRole.CONTRACT_ADMIN: _NAMED,
    StaffRole.HELP_DESK: (*_WIDE, *_NAMED),
    # Who may look here, and act there
    StaffRole.AUDITOR: (*_WIDE, *_NAMED, Place.BESIDE),
}
ACTORS = [(role, place) for role in StaffRole for place in PLACES[role]]


def calls() -> dict[str, URLPattern]:
    """Return every call of the API, by the name of its address and its method."""
    return {
        f"{one.name} {method}": one
        for one in urlpatterns
        if one.name not in _OPEN_TO_EVERYBODY
        for method in one.callback.cls.rights
    }


def test_every_call_has_a_row_and_every_row_a_call() -> None:
    assert set(calls()) == set(TABLE)


def test_the_rights_of_tokens_are_those_that_calls_ask_for() -> None:
    asked = {right for row in TABLE.values() for right in row.needs}
    assert asked <= set(API_RIGHTS)


def test_the_reference_names_what_each_call_needs() -> None:
    for name, address in calls().items():
        row, view = TABLE[name], cast("Any", address.callback).cls
        named = set(view.needs(name.rpartition(" ")[2]))
        assert named == set(row.needs) - _AT_TIMES.get(name, set()), name


@dataclass(frozen=True)
class Somebody:
    """Who calls, and the contract that they reach beside the one of the things."""

    role: StaffRole
    place: Place
    caller: Caller

    def __str__(self) -> str:
        return f"{self.role} {self.place.value}"

    @property
    def rights(self) -> frozenset[str]:
        """What they hold anywhere."""
        beside = permissions_of(StaffRole.CONTRACT_ADMIN)
        return permissions_of(self.role) | (beside if self.place is Place.BESIDE else frozenset())

    def carry(self, rights: frozenset[str]) -> None:
        """Have their token carry rights, whether they hold them or not."""
        ApiToken.objects.filter(user=self.caller.user).update(permissions=sorted(rights))

    def ask(self, call: str, values: Values) -> Any:
        row, method = TABLE[call], call.rpartition(" ")[2]
        path = f"/{calls()[call].pattern}"
        for name, value in values.items():
            for kind in ("slug", "uuid", "int"):
                path = path.replace(f"<{kind}:{name}>", str(value))
        body = row.body() if callable(row.body) else row.body
        return self.caller.call(method, f"{path}{row.query}", body)

    def expected(self, row: Row, rights: frozenset[str]) -> Answer:
        """Return what the table says: first the door, then whether it is seen, then the place."""
        here, held = rights & permissions_of(self.role), rights & self.rights
        if not self._holds(row.right, held) or FORBIDDEN in self._lacking(row, held):
            return FORBIDDEN
        if not self.place.reaches or not self._holds(row.seen_by, here):
            return row.outside
        if not self._holds(row.right, here):
            return FORBIDDEN
        return next(iter(self._lacking(row, here)), row.answer)

    def _holds(self, right: StaffPermission | None, held: frozenset[str]) -> bool:
        return right is None or right.value in held

    def _lacking(self, row: Row, held: frozenset[str]) -> list[Answer]:
        return [answer for right, answer in row.besides.items() if right.value not in held]


@pytest.fixture
def things(contract_a: ActiveContract, monkeypatch: pytest.MonkeyPatch) -> Values:
    """Make a thing of each kind in a contract; returns what addresses name them by."""
    assert contract_a.slug == SLUG
    monkeypatch.setattr(limits, "CALLS_A_MINUTE", 1_000_000)
    at, dana = clock.now(), make_person("dana")
    provider = make_provider(dana, contract_a)
    publication = PlannedPublication.objects.create(
        slug=SLUG,
        author=dana,
        document={},
        digest="0" * 64,
        note="As agreed",
        state=PublicationState.ASKED,
        asked_at=at,
        expires_at=at,
        due_at=at,
    )
    endpoint = make(contract=contract_a.id).endpoint
    seal(happen(contract=contract_a.id))
    with contract_context(contract_a):
        entry = RosterEntry.objects.all()[0]
        upload = RosterUpload.objects.create(
            file_name="june.csv",
            size=9,
            state=UploadState.CANCELLED,
            began_at=at,
            moved_at=at,
            ended_at=at,
        )
        mailing = Mailing.objects.create(
            request_key=uuid7(),
            act=MailingAct.ISSUE,
            form=MailingForm.SHEET,
            reason="Ticket 7",
            asked_by=dana.pk,
            asked_at=at,
            moved_at=at,
            total=1,
        )
    return {
        "slug": SLUG,
        "number": 1,
        "publication_id": publication.pk,
        "endpoint_id": endpoint.pk,
        "message_id": deliveries_of(endpoint)[0].message_id,
        "entry_id": entry.pk,
        "upload_id": upload.pk,
        "mailing_id": mailing.pk,
        "account_id": dana.pk,
        "provider_id": provider.pk,
        "group_id": provider.group_id,
        "event_id": record("probe.written", contract_id=contract_a.id).pk,
    }


@pytest.fixture
def everybody(contract_a: ActiveContract, contract_b: ActiveContract) -> list[Somebody]:
    return [
        Somebody(role, place, called(role, place, contract_a, contract_b)) for role, place in ACTORS
    ]


def called(role: StaffRole, place: Place, here: ActiveContract, there: ActiveContract) -> Caller:
    """Return a caller with a role in a place."""
    where = {Place.HERE: here, Place.BESIDE: here, Place.ELSEWHERE: there}.get(place)
    user = make_staff(role, where, name=f"{role}-{place.name}".lower().replace("_", "-"))
    if place is Place.BESIDE:
        admin = StaffRole.CONTRACT_ADMIN
        grant_role(user_id=user.pk, role=admin, contract_id=there.id, by=None, at=START)
        user.refresh_from_db()
    return caller_for(user, only=(there,) if place is Place.NARROWED else None)


def answer_of(response: Any) -> Answer:
    return OK if response.status_code < 300 else str(response.json()["code"])


def without_its_id(response: Any) -> dict[str, Any]:
    return {name: value for name, value in response.json().items() if name != "request_id"}


def mentions(response: Any) -> bool:
    """Tell whether an answer names the contract of the things, or is about a thing of it."""
    text = response.content.decode()
    return f'"{SLUG}"' in text or f'"{registry.get_contract(SLUG).id}"' in text


def wrong_answers(somebody: Somebody, things: Values) -> Iterator[str]:
    """Yield what one of staff is answered otherwise than the table says."""
    with contract_context(registry.get_contract(SLUG)):
        Mailing.objects.update(asked_by=somebody.caller.user.pk)
    # Without a right that they do not hold a token is as good as with it
    for missing in (None, *(right for right in API_RIGHTS if right in somebody.rights)):
        rights = ALL - {missing}
        somebody.carry(rights)
        for call, row in TABLE.items():
            if missing is not None and missing not in row.needs:
                continue
            response, expected = somebody.ask(call, things), somebody.expected(row, rights)
            found = answer_of(response)
            if row.lists and found == OK and mentions(response) != somebody.place.reaches:
                found = "a list of others"
            if found != expected:
                yield f"{call} for {somebody} without {missing}: {found}, not {expected}"


def told_apart(somebody: Somebody, things: Values, own: ActiveContract) -> Iterator[str]:
    """Yield the calls that answer otherwise out of reach than to what does not exist."""
    absent: Values = {**dict.fromkeys(things, _ABSENT), "slug": "nowhere", "number": 1}
    somebody.carry(ALL)
    for call, row in TABLE.items():
        if row.lists or somebody.expected(row, ALL) != NOWHERE:
            continue
        there = without_its_id(somebody.ask(call, things))
        if without_its_id(somebody.ask(call, absent)) != there:
            yield f"{call} for {somebody}: {there}"
        if "<uuid" in str(calls()[call].pattern):
            mixed = without_its_id(somebody.ask(call, {**things, "slug": own.slug}))
            if mixed != there:
                yield f"{call} for {somebody} in their own contract: {mixed}"


@pytest.mark.slow
def test_every_call_answers_each_role_place_and_right_as_its_row_says(
    things: Values, everybody: list[Somebody]
) -> None:
    assert [wrong for one in everybody for wrong in wrong_answers(one, things)] == []


@pytest.mark.slow
def test_out_of_reach_a_thing_does_not_exist(
    things: Values, everybody: list[Somebody], contract_b: ActiveContract
) -> None:
    outside = [one for one in everybody if not one.place.reaches]
    assert [call for one in outside for call in told_apart(one, things, contract_b)] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "naive"),
    [
        # The door asks for no right: only what the access functions ask is left
        ("contracts.api.door.ApiView.require", lambda *_: None),
        # Whoever holds a right somewhere reaches every contract
        ("core.staff.scope.StaffScope.covers", lambda *_: True),
    ],
)
def test_a_check_that_is_taken_away_is_noticed(
    target: str, naive: Any, things: Values, everybody: list[Somebody]
) -> None:
    """The naive ways: who has a token, or a right anywhere, may."""
    [auditor] = [
        one for one in everybody if (one.role, one.place) == (StaffRole.AUDITOR, Place.ELSEWHERE)
    ]
    with mock.patch(target, naive), must_fail(where="== []"):
        assert list(wrong_answers(auditor, things)) == []
