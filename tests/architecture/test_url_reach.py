"""Every address that names something, against what is another group's in another contract.

Two groups in two contracts, and two offices. Whoever is everything in the first one asks for, and
sends forms about, what is the other one's: the answer is the one for what does not exist, and
nothing has changed.
"""

from collections.abc import Iterator, Mapping
from uuid import UUID

import pytest
from django.apps import apps
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from core.accounts.models import ContractAccess, User
from core.common import clock
from core.groups.models import InvitationBatch, Membership, Office, Provider, Role
from core.groups.services.access_grants import give_access
from core.groups.services.assignments import assign_people
from core.groups.services.invitations import Invitee, invite_user
from core.groups.services.join_requests import ask_to_join
from core.groups.services.memberships import grant_provider_role
from core.groups.services.office_invitations import invite_to_office
from core.groups.services.offices import OfficeFacts, join_office, make_office
from core.groups.services.recoveries import ask_recovery
from core.notifications.models import OutboxMessage
from tenants import registry
from tenants.context import ActiveContract
from tests.architecture.test_url_roles import FABRICATED, names
from tests.integration.offices.conftest import in_days, through
from tests.support.naive import must_fail
from tests.support.people import EVERYWHERE, accept_present_terms, make_person, make_provider
from tests.support.publishing import publish_change
from tests.support.sign_in import sign_in_directly

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
ABOUT_SETUP = ("setup:", "offices:", "provider", "context", "own_re", "invitation")
KEPT: tuple[type[Model], ...] = (User, ContractAccess, OutboxMessage)


@pytest.fixture
def open_programs(contract_a: ActiveContract, contract_c: ActiveContract) -> list[ActiveContract]:
    """Return two contracts that have all that Setup can show."""
    return [_open(contract_a.slug), _open(contract_c.slug)]


def _open(slug: str) -> ActiveContract:
    publish_change(slug, groups__third_parties=True, groups__access_review_days=90)
    return registry.get_contract(slug)


def furnish(name: str, number: str, contract: ActiveContract) -> dict[str, UUID]:
    """Make a group, an office and one of all that addresses name; returns their keys.

    The admin of both is the account `<name>-head`.
    """
    at = clock.now()
    head, staff, asks, clerk = (
        make_person(f"{name}-{who}", phone=None) for who in ("head", "staff", "asks", "clerk")
    )
    provider = make_provider(head, contract, identifier=number, name=f"{name} Clinic")
    for user in (staff, clerk):
        accept_present_terms(user, contract)
    role = grant_provider_role(user=staff, provider=provider, role=Role.STAFF, by=head.id, at=at)
    office = make_office(user=head, facts=OfficeFacts(f"{name} Billing", *_PLACE), at=at)
    join_office(office, clerk, Role.STAFF, by=head.id, at=at)
    grant = give_access(
        office=office,
        providers=[provider],
        terms=through(90),
        by=head.id,
        entered=EVERYWHERE,
        at=at,
    )[0]
    invited = Invitee(f"{name}.new", f"{name}@new.example", "New", "Person")
    assert role is not None
    return {
        "provider_id": provider.id,
        "user_id": staff.id,
        "membership_id": role.id,
        "invitation_id": invite_user(
            invitee=invited,
            providers=[provider],
            role=Role.STAFF,
            contract=contract,
            host="",
            by=head.id,
            entered=EVERYWHERE,
            at=at,
        ).id,
        "batch_id": InvitationBatch.objects.create(
            uploaded_by=head.id, uploaded_at=at, file_name="new.csv", host=""
        ).id,
        "request_id": ask_to_join(
            user=asks, provider_id=provider.id, number=number, note="", at=at
        ).id,
        "recovery_id": ask_recovery(
            user=staff, provider_id=provider.id, evidence="Gone.", at=at
        ).id,
        "grant_id": grant.id,
        "office_id": office.id,
        "assignment": assign_people(grant_id=grant.id, user_ids=[clerk.id], by=head.id, at=at)[
            0
        ].id,
        "office_person": Membership.objects.get(user=clerk, group=office.group_id).id,
        "office_invitation": invite_to_office(
            office_id=office.id,
            invitee=Invitee(f"{name}.clerk", f"{name}@clerk.example", "New", "Clerk"),
            role=Role.STAFF,
            host="",
            by=head.id,
            at=at,
        ).id,
    }


_PLACE = ("4 Quay Street", "", "Jackson", "MS", "39201")
_OTHERWISE_NAMED = {
    "setup:third_party_person_end": {"membership_id": "assignment"},
    "offices:assignment_end": {"membership_id": "assignment"},
    "offices:role": {"membership_id": "office_person"},
    "offices:remove": {"membership_id": "office_person"},
    "offices:person": {"membership_id": "office_person"},
    "offices:person_act": {"membership_id": "office_person"},
    "offices:invitation": {"invitation_id": "office_invitation"},
    "offices:resend": {"invitation_id": "office_invitation"},
    "offices:withdraw": {"invitation_id": "office_invitation"},
}
"""Where a key of an address is of something else than its name says."""
_ACTS = {"setup:act": "deactivate", "offices:person_act": "deactivate"}


def addresses(theirs: Mapping[str, UUID]) -> Iterator[tuple[str, str, str]]:
    """Yield each address that names something: its name, with a key of theirs, with nobody's."""
    for name, values in names().items():
        if not name.startswith(ABOUT_SETUP) or not any(
            isinstance(value, UUID) for value in values.values()
        ):
            continue
        otherwise = _OTHERWISE_NAMED.get(name, {})
        fixed = {"name": _ACTS[name]} if name in _ACTS else {}
        keys = {key: theirs[otherwise.get(key, key)] for key in values if key not in fixed}
        nobody = dict.fromkeys(keys, FABRICATED["uuid"])
        theirs_path, nobodys_path = (
            reverse(name, kwargs={**kwargs, **fixed}) for kwargs in (keys, nobody)
        )
        yield name, theirs_path, nobodys_path


def form_about(keys: Mapping[str, UUID], office: Office) -> dict[str, str]:
    """Return a form that has something for every page."""
    return {
        "role": "provider_admin",
        "was": "staff",
        "user": str(keys["user_id"]),
        "users": str(keys["user_id"]),
        "provider": str(keys["provider_id"]),
        "providers": str(keys["provider_id"]),
        "confirmed": "1",
        "act": "approve",
        "reason": "Because.",
        "first_name": "Other",
        "last_name": "Name",
        "username": "other.name",
        "email": "other@name.example",
        "confirm_email": "other@name.example",
        "was_role": "staff",
        "last_day": in_days(30).isoformat(),
        "code": office.code or "",
        "seen": office.code_made_at.isoformat(),
    }


def stored() -> dict[str, list[object]]:
    """Return all rows that an act could have changed."""
    models = [*apps.get_app_config("core_groups").get_models(include_auto_created=True), *KEPT]
    return {
        model.__name__: list(model._default_manager.order_by("pk").values()) for model in models
    }


def ask_for_everything(client: Client, own: Mapping[str, UUID], theirs: Mapping[str, UUID]) -> None:
    """Ask for each address of theirs, and send it a form about theirs and one about one's own."""
    office = Office.objects.get(pk=theirs["office_id"])
    forms = [form_about(keys, office) for keys in (theirs, own)]
    before, wrong = stored(), []
    for name, path, of_nobody in addresses(theirs):
        answers = [
            tuple(
                (client.get(one) if form is None else client.post(one, form)).status_code
                for one in (path, of_nobody)
            )
            for form in (None, *forms)
        ]
        if any(answer != of_none for answer, of_none in answers) or (404, 404) not in answers:
            wrong.append(f"{name}: {answers}, of theirs and of nobody's")
    assert wrong == []
    assert stored() == before


@pytest.fixture
def two_groups(open_programs: list[ActiveContract]) -> tuple[dict[str, UUID], dict[str, UUID]]:
    first, second = open_programs
    return furnish("elm", "1000000004", first), furnish("ash", "1000000020", second)


def test_what_is_anothers_is_nobodys_at_every_address(
    client: Client, two_groups: tuple[dict[str, UUID], dict[str, UUID]]
) -> None:
    sign_in_directly(client, User.objects.get(username="elm-head"))
    ask_for_everything(client, *two_groups)


def test_the_same_of_ones_own_is_there_and_is_changed(
    client: Client, two_groups: tuple[dict[str, UUID], dict[str, UUID]]
) -> None:
    """The naive way: asked for by who administers it, all of it opens, and the forms do things."""
    sign_in_directly(client, User.objects.get(username="ash-head"))
    with must_fail(where="assert wrong == []"):
        ask_for_everything(client, *two_groups)
    assert Provider.objects.get(pk=two_groups[1]["provider_id"]).memberships.count() != 1
