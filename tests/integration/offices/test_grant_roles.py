"""In which role an office works: what the program opens to third parties, and never to act by."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from contracts.console.services.publishing import publish
from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common import clock
from core.groups.access import list_providers
from core.groups.grant_days import last_day_of
from core.groups.models import AccessGrant, GrantEnd, Membership, Office, Provider, Role
from core.groups.office_codes import in_blocks
from core.groups.permissions import Permission
from core.groups.roles import _terms_of as terms_of_role
from core.groups.roles import terms_of
from core.groups.selectors import administers_in
from core.groups.services.access_grants import GrantTerms, give_access
from core.groups.services.assignments import assign_people, end_assignment_as_provider
from core.groups.services.grant_changes import change_access
from core.groups.services.grant_ends import end_due_grants
from core.groups.services.memberships import grant_provider_role
from core.groups.services.offices import join_office, make_office
from core.groups.services.roles import (
    ChangedMeanwhileError,
    RoleDiffersError,
    RoleNotOfferedError,
    RoleNotYoursError,
    roles_held,
)
from tenants import registry
from tenants.configuration.document import ContractDocument
from tenants.context import ActiveContract
from tests.integration.first_login.walking import mails_to
from tests.integration.offices.conftest import FACTS, in_days, signed_in, through
from tests.integration.setup.configured import AUDITOR, READER, offering
from tests.support.naive import fails_with
from tests.support.people import EVERYWHERE, START, accept_present_terms, make_person
from tests.support.publishing import publish_change
from tests.unit.configuration.documents import changed

pytestmark = pytest.mark.django_db
SLUG = "ms-um"
GIVE = "/setup/third-parties/give/"


@pytest.fixture
def reads(oak: Provider) -> None:
    """Let the program have a role for its own people, and one that offices may get."""
    offering(READER, AUDITOR, slug=SLUG)


@pytest.fixture
def reading(reads: None, office: Office, oak: Provider, head: User) -> AccessGrant:
    return give_as(head, "auditor", office, oak)


@pytest.fixture
def reader(reading: AccessGrant, billie: User, olive: User) -> Membership:
    return assign_people(grant_id=reading.id, user_ids=[billie.id], by=olive.id, at=clock.now())[0]


def give_as(by: User, role: str, office: Office, *providers: Provider) -> AccessGrant:
    return give_access(
        office=office,
        providers=providers,
        terms=through(90, role),
        by=by.id,
        entered=EVERYWHERE,
        at=clock.now(),
    )[0]


def change(grant: AccessGrant, role: str, *, by: User, seen: str = "") -> None:
    day = last_day_of(grant)
    change_access(
        grant_id=grant.id,
        seen=GrantTerms(seen or grant.role, day),
        wanted=GrantTerms(role, day),
        by=by.id,
        entered=EVERYWHERE,
        at=clock.now(),
    )


def may(user: User, permission: Permission) -> bool:
    return list_providers(user, permission).exists()


def closed_to_offices() -> ContractDocument:
    """Return the program's document, where the role manages now and is the program's own alone."""
    own = {**AUDITOR, "third_parties": False, "permissions": ["users.view", "roles.manage"]}
    return changed(registry.get_contract(SLUG).document, groups__roles=[own])


def test_the_role_is_chosen_and_offered_where_offices_may_have_it(
    admin: Client, reads: None, office: Office, oak: Provider
) -> None:
    form: dict[str, Any] = {"code": in_blocks(office.code)}
    page = admin.post(GIVE, form).content.decode()
    assert "Provider Staff Account" in page
    assert "Office Reader" in page
    assert "Provider Reader" not in page
    assert "Provider Admin" not in page
    form.update(providers=[str(oak.id)], last_day=in_days(90).isoformat())
    refused = admin.post(GIVE, {**form, "role": "reader"}).content.decode()
    assert "Error:" in refused
    assert not AccessGrant.objects.exists()
    assert admin.post(GIVE, {**form, "role": "auditor"}).status_code == 302
    assert AccessGrant.objects.get().role == "auditor"
    assert "Office Reader" in admin.get("/setup/third-parties/").content.decode()


def test_both_sides_read_the_roles_name(
    admin: Client, hers: Client, reading: AccessGrant, olive: User
) -> None:
    assert "Office Reader" in hers.get(f"/offices/access/{reading.id}/").content.decode()
    assert "Office Reader" in admin.get(f"/setup/third-parties/{reading.id}/").content.decode()
    assert "as Office Reader" in mails_to(olive.email)[0].text


def test_who_works_by_it_reads_setup_and_changes_nothing(
    admin: Client, reader: Membership, billie: User, oak: Provider, elm: Provider
) -> None:
    desk, free, by = make_person("desk"), make_person("free"), oak.registered_by
    grant_provider_role(user=free, provider=elm, role=Role.STAFF, by=by, at=START)
    grant_provider_role(user=desk, provider=oak, role=Role.STAFF, by=by, at=START)
    client = signed_in(billie)
    page = client.get(f"/setup/providers/{oak.id}/").content.decode()
    assert "Head Reed" in page
    assert "Add New User" not in page
    assert client.get(f"/setup/users/{desk.id}/").status_code == 200
    assert client.get("/setup/activity/").status_code == 200
    assert administers_in(billie.id, oak.contract_id)  # the program's factors for admins hold
    acts = ("grid/", "third-parties/", "requests/", f"providers/{oak.id}/new-user/")
    assert {client.get(f"/setup/{path}").status_code for path in acts} == {403}
    assert client.post("/setup/users/export/").status_code == 403
    given = {"user": str(free.id), "role": "staff"}
    held = Membership.objects.count()
    client.post(f"/setup/providers/{oak.id}/", given)
    assert Membership.objects.count() == held
    admin.post(f"/setup/providers/{oak.id}/", given)  # the form is right
    assert Membership.objects.count() == held + 1


def test_who_reads_as_a_third_party_reads_of_no_other_office(
    admin: Client, reader: Membership, billie: User, head: User, oak: Provider
) -> None:
    rival, rita = make_person("rival"), make_person("rita")
    others = make_office(user=rival, facts=replace(FACTS, name="Delta Billing"), at=clock.now())
    join_office(others, rita, Role.STAFF, by=rival.id, at=clock.now())
    given = give_as(head, "staff", others, oak)
    assign_people(grant_id=given.id, user_ids=[rita.id], by=rival.id, at=clock.now())
    theirs = signed_in(billie)
    paths = ("/setup/activity/", "/setup/activity/?kind=third_parties", "/setup/activity/?q=rita")
    for path in (*paths, "/setup/", f"/setup/providers/{oak.id}/", "/setup/users/"):
        page = theirs.get(path).content.decode()
        assert "Delta Billing" not in page, path
        assert "Rita Reed" not in page, path
    assert "River Billing access to Oak Clinic" in theirs.get(paths[0]).content.decode()
    assert "Billie Reed" in theirs.get("/setup/activity/?kind=roles").content.decode()
    # The provider's own people read of both, also who works for an office besides
    assert "Delta Billing access to Oak Clinic" in admin.get(paths[1]).content.decode()
    grant_provider_role(user=billie, provider=oak, role="reader", by=head.id, at=START)
    assert "Delta Billing access to Oak Clinic" in theirs.get(paths[1]).content.decode()


def test_only_who_may_let_offices_in_is_led_there(
    reader: Membership, billie: User, elm: Provider, head: User
) -> None:
    """A program may let in offices, and the person manages at a provider of another one alone."""
    grant_provider_role(user=billie, provider=elm, role=Role.PROVIDER_ADMIN, by=head.id, at=START)
    accept_present_terms(billie, registry.get_contract_by_id(elm.contract_id))
    client = signed_in(billie)
    page = client.get("/setup/").content.decode()
    assert "Oak Clinic" in page
    assert "Third parties" not in page
    assert client.get("/setup/third-parties/").status_code == 404


def test_in_the_standard_role_nothing_of_setup_is_seen(
    reads: None, assigned: Membership, billie: User, oak: Provider
) -> None:
    assert signed_in(billie).get(f"/setup/providers/{oak.id}/").status_code != 200
    assert not may(billie, Permission.USERS_VIEW)


@pytest.mark.parametrize("role", ["reader", "group_admin", "provider_admin", "nothing"])
def test_no_other_role_is_given(
    reads: None, office: Office, oak: Provider, head: User, role: str
) -> None:
    with pytest.raises(RoleNotOfferedError):
        give_as(head, role, office, oak)
    grant = give_as(head, "staff", office, oak)
    with pytest.raises(RoleNotOfferedError):
        change(grant, role, by=head)


def test_nobody_gives_an_office_what_their_own_role_does_not_hold(
    office: Office, oak: Provider, head: User
) -> None:
    opener = {**READER, "key": "opener", "permissions": ["third_parties.manage"]}
    offering({**opener, "name": "Opener"}, AUDITOR, slug=SLUG)
    person = make_person("opener")
    grant_provider_role(user=person, provider=oak, role="opener", by=head.id, at=START)
    with pytest.raises(RoleNotYoursError):
        give_as(person, "auditor", office, oak)
    grant = give_as(person, "staff", office, oak)
    with pytest.raises(RoleNotYoursError):
        change(grant, "auditor", by=person)


def test_who_manages_third_parties_ends_what_holds_more_than_they_do(
    reader: Membership, oak: Provider, head: User
) -> None:
    opener = {**READER, "key": "opener", "permissions": ["third_parties.manage"]}
    offering({**opener, "name": "Opener"}, AUDITOR, slug=SLUG)
    person = make_person("opener")
    grant_provider_role(user=person, provider=oak, role="opener", by=head.id, at=START)
    end_assignment_as_provider(
        membership_id=reader.id, by=person.id, entered=EVERYWHERE, at=clock.now()
    )
    reader.refresh_from_db()
    assert reader.until is not None


@pytest.mark.usefixtures("reads")
def test_a_role_of_one_program_is_not_given_in_another(
    admin: Client, office: Office, oak: Provider, elm: Provider, head: User
) -> None:
    other = {**AUDITOR, "permissions": ["users.view"]}
    publish_change("wv-bh", groups__third_parties=True, groups__roles=[other])
    with pytest.raises(RoleDiffersError):
        give_as(head, "auditor", office, oak, elm)
    form = {"code": in_blocks(office.code), "last_day": in_days(90).isoformat()}
    page = admin.post(GIVE, {**form, "role": f"auditor@{SLUG}", "providers": [str(elm.id)]})
    assert "Office Reader (Mississippi" in page.content.decode()
    assert "not one of the program" in page.content.decode()
    assert not AccessGrant.objects.exists()
    right = {**form, "role": f"auditor@{SLUG}", "providers": [str(oak.id)]}
    assert admin.post(GIVE, right).status_code == 302
    assert AccessGrant.objects.get().role == "auditor"


def test_another_role_counts_with_the_next_request_and_is_signed_in_for(
    admin: Client, reads: None, assigned: Membership, grant: AccessGrant, billie: User
) -> None:
    theirs = signed_in(billie)
    day = last_day_of(grant).isoformat()
    wanted = {"was": day, "last_day": day, "was_role": "staff", "role": "auditor"}
    path = f"/setup/third-parties/{grant.id}/"
    assert admin.post(path, wanted).status_code == 302
    assert "Office Reader" in admin.get(path).content.decode()
    assert theirs.get("/home/").status_code == 302  # signed out
    assert may(billie, Permission.USERS_VIEW)
    mail = mails_to(billie.email)[0].text
    assert "Office Reader" in mail
    assert "Head" not in mail
    events = AuditEvent.objects.filter(event_type__endswith="role_changed").order_by("id")
    assert [one.data["to"] for one in events] == ["auditor", "auditor"]
    assert "from Provider Staff Account to Office Reader" in (
        admin.get("/setup/activity/").content.decode()
    )
    # The same page once more, by now an old one
    assert "Nothing was done" in admin.post(path, wanted, follow=True).content.decode()
    assert grant.memberships.filter(until__isnull=True).count() == 1


def test_who_changes_it_is_told_nothing_and_stays_signed_in(
    reads: None, grant: AccessGrant, office: Office, head: User, olive: User
) -> None:
    join_office(office, head, Role.STAFF, by=olive.id, at=clock.now())
    assign_people(grant_id=grant.id, user_ids=[head.id], by=olive.id, at=clock.now())
    told, theirs = len(mails_to(head.email)), signed_in(head)
    change(grant, "auditor", by=head)
    assert len(mails_to(head.email)) == told
    assert theirs.get("/home/").status_code == 200


def test_the_office_changes_no_role(reading: AccessGrant, olive: User) -> None:
    with pytest.raises(ChangedMeanwhileError):
        change(reading, "staff", by=olive)


def test_a_role_that_the_program_takes_back_ends_and_the_standard_one_stays(
    reader: Membership, reading: AccessGrant, billie: User, ash: Provider, office: Office
) -> None:
    kept = give_as(User.objects.get(username="other"), "staff", office, ash)
    base = registry.get_contract(SLUG).revision
    publish(document=closed_to_offices(), base=base, by=None, at=clock.now())
    reading.refresh_from_db()
    kept.refresh_from_db()
    assert (reading.end, kept.ended_at) == (GrantEnd.SWITCHED_OFF, None)
    assert not may(billie, Permission.PROVIDER_VIEW)


def taken_back_with_the_access_still_open(billie: User, oak: Provider) -> None:
    """Publish as an operator whose process dies before the access is ended."""
    base = registry.get_contract(SLUG).revision
    document = closed_to_offices()
    publish_change(
        SLUG, groups__roles=[one.model_dump(mode="json") for one in document.groups.roles]
    )
    assert registry.get_contract(SLUG).revision != base
    assert Permission.ROLES_MANAGE in terms_of("auditor", oak.contract_id).permissions
    assert not any(may(billie, one) for one in Permission if one != Permission.PROVIDER_VIEW)
    assert roles_held(billie.id, oak) == set()
    client = signed_in(billie)
    for path in (f"providers/{oak.id}/", "grid/"):
        assert client.get(f"/setup/{path}").status_code == 302, path  # to who administers it


def test_until_the_access_is_ended_such_a_role_is_worth_seeing_the_provider(
    reader: Membership, reading: AccessGrant, billie: User, oak: Provider
) -> None:
    taken_back_with_the_access_still_open(billie, oak)
    assert end_due_grants(at=clock.now()) == 1
    reading.refresh_from_db()
    assert reading.end == GrantEnd.SWITCHED_OFF


def test_a_role_by_a_grant_that_counts_like_any_other_would_manage_users(
    reader: Membership, billie: User, oak: Provider
) -> None:
    """The naive way: what a role holds is asked without asking by what it is held."""
    fails_with(
        "core.groups.roles._terms_of",
        lambda role, **_asked: terms_of_role(role, to_third_parties=True),
        lambda: taken_back_with_the_access_still_open(billie, oak),
        where="assert not any(may",
    )


def test_the_database_gives_no_third_party_an_admins_role(
    reading: AccessGrant, reader: Membership
) -> None:

    for rows in (
        AccessGrant.objects.filter(pk=reading.pk),
        Membership.objects.filter(pk=reader.pk),
    ):
        for role in (Role.GROUP_ADMIN, Role.PROVIDER_ADMIN, ""):
            with pytest.raises(IntegrityError), transaction.atomic():
                rows.update(role=role)


def test_the_database_lets_no_role_by_a_grant_be_at_another_provider(
    reader: Membership, reading: AccessGrant, ash: Provider
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.filter(pk=reader.pk).update(provider=ash)
    with pytest.raises(IntegrityError), transaction.atomic():
        AccessGrant.objects.filter(pk=reading.pk).update(provider=ash)


def test_a_switched_off_program_opens_no_role(
    admin: Client, reads: None, office: Office, elm: Provider, contract_c: ActiveContract
) -> None:
    publish_change(SLUG, groups__third_parties=False)
    publish_change("wv-bh", groups__third_parties=True)
    page = admin.post(GIVE, {"code": in_blocks(office.code)}).content.decode()
    assert "Provider Staff Account" in page
    assert "Office Reader" not in page
