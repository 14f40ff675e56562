"""What either side sees of the other, and what the people of an office can and cannot do."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.db.models import QuerySet
from django.test import Client

from core.accounts.models import User
from core.common import clock
from core.groups import exports
from core.groups.activity.scope import Scope
from core.groups.models import AccessGrant, Membership, Office, Provider, Role
from core.groups.services.access_grants import end_access_as_provider
from core.groups.services.memberships import grant_provider_role
from core.groups.services.roles import roles_held
from core.groups.setup import with_person_words
from tests.integration.offices.conftest import signed_in
from tests.support.naive import fails_with
from tests.support.people import EVERYWHERE, START, make_person

pytestmark = pytest.mark.django_db


def test_the_office_sees_name_program_and_place_and_nothing_else(
    hers: Client, office: Office, grant: AccessGrant, head: User, elm: Provider
) -> None:
    for path in (f"/offices/{office.id}/", f"/offices/access/{grant.id}/"):
        page = hers.get(path).content.decode()
        assert "Oak Clinic" in page
        assert "Mississippi UM Program" in page
        assert "Charleston, WV" in page
        for hidden in ("1000000012", "Head Reed", head.email, "12 Elm Street", "Elm Clinic"):
            assert hidden not in page, hidden
    # Not being assigned she is nobody at the provider
    assert hers.get(f"/ms-um/providers/{grant.provider_id}/").status_code == 404
    assert hers.get("/setup/").headers["Location"] == "/setup/administrators/"


def test_its_people_do_not_see_who_else_works_there_and_cannot_ask_for_the_group(
    assigned: Membership, billie: User, head: User, grant: AccessGrant
) -> None:
    theirs = signed_in(billie)
    page = theirs.get("/setup/administrators/").content.decode()
    assert head.email not in page
    assert "Head Reed" not in page
    # Whom to ask is the office's own
    assert "River Billing" in page
    assert "olive@clinic.example" in page
    assert "No provider here yet" not in page
    path = f"/setup/administrators/{grant.provider_id}/recover/"
    assert theirs.get(path).status_code == theirs.post(path, {"evidence": "x"}).status_code == 404


def test_the_providers_admin_sees_names_and_manages_no_account(
    admin: Client, assigned: Membership, billie: User, oak: Provider, grant: AccessGrant
) -> None:
    page = admin.get(f"/setup/third-parties/{grant.id}/").content.decode()
    assert "Billie Reed" in page
    assert billie.email not in page
    for path in ("/setup/users/", f"/setup/providers/{oak.id}/", "/setup/grid/"):
        assert "Billie" not in admin.get(path).content.decode(), path
    for path in (
        f"/setup/users/{billie.id}/",
        f"/setup/users/{billie.id}/details/",
        f"/setup/users/{billie.id}/deactivate/",
        f"/setup/roles/{assigned.id}/remove/",
        f"/setup/roles/{assigned.id}/move/",
    ):
        assert admin.get(path).status_code == 404, path
    answer = admin.post(
        f"/setup/roles/{assigned.id}/", {"was": Role.STAFF, "role": Role.GROUP_ADMIN}
    )
    assert answer.status_code == 404
    assigned.refresh_from_db()
    assert (assigned.role, assigned.until) == (Role.STAFF, None)
    assert roles_held(billie.id, oak) == set()  # nothing to act by


def test_export_and_activity_show_them_as_a_third_party(
    admin: Client, assigned: Membership, billie: User, oak: Provider
) -> None:
    answer = admin.post("/setup/users/export/")
    sheet = io.StringIO(answer.getvalue().decode("utf-8-sig"))
    rows = {row["name"]: row for row in csv.DictReader(sheet)}
    assert rows["Billie Reed"]["third party"] == "River Billing"
    assert rows["Billie Reed"]["e-mail"] == rows["Billie Reed"]["username"] == ""
    assert rows["Head Reed"]["third party"] == ""
    signed_in(billie)
    page = admin.get("/setup/activity/").content.decode()
    assert "River Billing access to Oak Clinic" in page
    assert "at Oak Clinic, as a third party" in page
    assert "Billie Reed signed in" not in page


def test_an_office_never_gets_providers(office: Office, olive: User, grant: AccessGrant) -> None:
    from core.groups.selectors import list_admin_groups
    from core.groups.services.providers import hold_admin_group
    from core.groups.services.roles import ChangedMeanwhileError

    assert list_admin_groups(olive.id) == []
    assert hold_admin_group(olive.id) is None
    with pytest.raises(ChangedMeanwhileError):
        hold_admin_group(olive.id, office.group_id)


def test_the_last_admin_of_an_office_stays(
    hers: Client, office: Office, olive: User, billie: User
) -> None:
    own = Membership.objects.get(user=olive)
    for path, sent in (
        (f"/offices/people/{own.id}/role/", {"was": "group_admin", "role": "staff"}),
        (f"/offices/people/{own.id}/remove/", {"was": "group_admin"}),
    ):
        assert "only Provider Group Admin" in hers.post(path, sent, follow=True).content.decode()
    theirs = Membership.objects.get(user=billie)
    hers.post(f"/offices/people/{theirs.id}/role/", {"was": "staff", "role": "group_admin"})
    answer = hers.post(f"/offices/people/{own.id}/remove/", {"was": "group_admin"})
    assert answer.headers["Location"] == "/home/"
    assert hers.get(f"/offices/{office.id}/").status_code == 404


def test_somebody_with_a_role_of_the_providers_own_is_listed_for_that_one_alone(
    admin: Client, assigned: Membership, billie: User, oak: Provider, head: User
) -> None:
    make_person("unused")
    grant_provider_role(user=billie, provider=oak, role=Role.STAFF, by=head.id, at=START)
    page = admin.get(f"/setup/providers/{oak.id}/").content.decode()
    assert page.count("billie@clinic.example") == 1
    assert page.count(f"/setup/roles/{assigned.id}/") == 0


def test_activity_finds_them_by_name_and_never_by_what_it_hides(
    admin: Client, assigned: Membership, billie: User
) -> None:
    User.objects.filter(pk=billie.pk).update(username="b7.river", email="b7@river.example")

    def found(words: str) -> bool:
        return "Billie Reed" in admin.get("/setup/activity/", {"q": words}).content.decode()

    assert found("billie")
    for hidden in ("b7.riv", "@river.ex", "billie b7"):
        assert not found(hidden), hidden


def test_what_somebody_did_as_a_third_party_stays_their_offices_when_the_provider_hires_them(
    admin: Client, grant: AccessGrant, assigned: Membership, billie: User, head: User
) -> None:
    signed_in(billie)
    end_access_as_provider(grant_id=grant.id, by=head.id, entered=EVERYWHERE, at=clock.now())
    grant_provider_role(
        user=billie, provider=grant.provider, role=Role.STAFF, by=head.id, at=clock.now()
    )
    page = admin.get("/setup/activity/").content.decode()
    assert "Head Reed gave Billie Reed the role" in page
    assert "Billie Reed signed in" not in page
    signed_in(billie)
    assert "Billie Reed signed in" in admin.get("/setup/activity/").content.decode()


def test_rows_as_of_the_providers_own_would_show_their_address(
    admin: Client, assigned: Membership, billie: User, oak: Provider
) -> None:
    """The naive way: who works there is a user like the others."""
    third_parties = exports._third_parties

    def naive(*given: Any) -> Iterator[Sequence[object]]:
        for name, _username, _address, *rest in third_parties(*given):
            yield name, billie.username, billie.email, *rest

    fails_with(
        "core.groups.exports._third_parties",
        naive,
        lambda: test_export_and_activity_show_them_as_a_third_party(admin, assigned, billie, oak),
        where='assert rows["Billie Reed"]["e-mail"] ==',
    )


def test_a_search_through_all_that_is_known_would_find_what_it_hides(
    admin: Client, assigned: Membership, billie: User
) -> None:
    """The naive way: people of third parties are found like the provider's own."""

    def naive(found: Scope) -> QuerySet[User]:
        return with_person_words(found.known_people(), found.words)

    fails_with(
        "core.groups.activity.scope._people_with_words",
        naive,
        lambda: test_activity_finds_them_by_name_and_never_by_what_it_hides(
            admin, assigned, billie
        ),
        where="assert not found(hidden)",
    )
