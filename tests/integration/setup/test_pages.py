"""Setup by HTTP: what an admin sees and does, and what nobody else does."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.accounts.models import User
from core.common.ids import uuid7
from core.groups import setup
from core.groups.models import Membership, Provider, Role
from core.groups.services.memberships import grant_provider_role
from core.groups.services.roles import roles_held
from tests.support.people import START
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db


def text(client: Client, path: str, *, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return answer.content.decode()


def held_by(user: User) -> Membership:
    return Membership.objects.get(user=user, until__isnull=True)


def test_both_tabs_count_and_list_what_the_admin_reaches(
    admin: Client, dana: User, oak: Provider, stranger_provider: Provider
) -> None:
    html = text(admin, "/setup/")
    assert "Manage Provider Groups (2)" in html
    assert "Manage Users (2)" in html
    assert "Elm Clinic" in html
    assert "Oak Clinic" in html
    assert "Ash Clinic" not in html
    assert "dana@clinic.example" in text(admin, "/setup/users/")


def statements(client: Client, path: str) -> int:
    text(client, path)
    with CaptureQueriesContext(connection) as queries:
        text(client, path)
    return sum(not one["sql"].startswith(("SAVEPOINT", "RELEASE")) for one in queries)


def test_the_page_of_a_user_reads_as_often_for_many_roles_as_for_one(
    admin: Client, head: User, dana: User, oak: Provider
) -> None:
    page = f"/setup/users/{dana.id}/"
    asked = statements(admin, page)
    grant_provider_role(user=dana, provider=oak, role=Role.STAFF, by=head.id, at=START)
    assert statements(admin, page) == asked <= 12


def test_a_search_under_a_row_leads_to_the_rows_own_page(
    admin: Client, dana: User, chief: User, oak: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "MOST_CHOICES", 1)
    page = f"/setup/providers/{oak.id}/"
    assert f'action="{page}" role="search"' in text(admin, f"{page}?part")


def test_the_pages_of_a_row_keep_the_search(
    admin: Client, dana: User, elm: Provider, oak: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant_provider_role(user=dana, provider=oak, role=Role.STAFF, by=None, at=START)
    monkeypatch.setattr(setup, "PER_PAGE", 1)
    for page in (f"/setup/providers/{elm.id}/", f"/setup/users/{dana.id}/"):
        assert 'href="?q=elm&amp;page=2"' in text(admin, f"{page}?q=elm"), page


def test_on_a_programs_pages_the_others_are_counted_and_left_out(
    admin: Client, dana: User, oak: Provider
) -> None:
    html = text(admin, "/wv-bh/setup/")
    assert "Oak Clinic" not in html
    assert "1 more program of yours is not shown here" in html


@pytest.mark.parametrize(
    ("words", "found"),
    [("elm", True), ("charleston elm", True), ("1234", True), ("oak elm", False)],
)
def test_the_list_is_searched(admin: Client, oak: Provider, words: str, *, found: bool) -> None:
    html = text(admin, f"/setup/?q={words.replace(' ', '+')}")
    assert ("Elm Clinic" in html) is found


@pytest.mark.parametrize("query", ["?page=nonsense", "?page=99", "?q=%00", "?q=" + "x" * 3000])
def test_nonsense_in_the_address_is_no_error(admin: Client, query: str) -> None:
    assert "Manage Provider Groups" in text(admin, f"/setup/{query}")


def test_a_user_is_added_to_one_more_provider_and_the_list_keeps_its_place(
    admin: Client, dana: User, oak: Provider
) -> None:
    html = text(admin, f"/setup/providers/{oak.id}/?part&next=/setup/%3Fq%3Doak")
    assert 'value="/setup/?q=oak"' in html
    assert "<html" not in html
    answer = admin.post(
        f"/setup/providers/{oak.id}/",
        {"user": str(dana.id), "role": "provider_admin", "next": "/setup/?q=oak"},
    )
    assert answer.headers["Location"] == "/setup/?q=oak"
    assert roles_held(dana.id, oak) == {"provider_admin"}
    assert "Dana Reed is now Provider Admin of Oak Clinic." in text(admin, "/setup/?q=oak")


def test_a_user_gets_one_more_provider_from_their_own_row(
    admin: Client, dana: User, oak: Provider
) -> None:
    answer = admin.post(f"/setup/users/{dana.id}/", {"provider": str(oak.id), "role": "staff"})
    assert answer.headers["Location"] == f"/setup/users/{dana.id}/"
    assert roles_held(dana.id, oak) == {"staff"}


def test_nothing_chosen_is_said_at_the_field(admin: Client, dana: User, oak: Provider) -> None:
    answer = admin.post(f"/setup/providers/{oak.id}/", {"user": "", "role": "staff"})
    assert "Select a user of your group." in answer.content.decode()
    answer = admin.post(f"/setup/users/{dana.id}/", {"provider": "", "role": ""})
    assert "Select a provider." in answer.content.decode()


def test_a_role_is_changed_in_its_row(admin: Client, dana: User) -> None:
    answer = admin.post(
        f"/setup/roles/{held_by(dana).id}/", {"was": "staff", "role": "provider_admin"}
    )
    assert answer.status_code == 302
    assert held_by(dana).role == Role.PROVIDER_ADMIN


def test_group_admin_is_given_after_a_page_that_says_what_it_means(
    admin: Client, dana: User
) -> None:
    path = f"/setup/roles/{held_by(dana).id}/"
    answer = admin.post(path, {"was": "staff", "role": "group_admin"})
    assert "manages every provider and every user of the group" in answer.content.decode()
    assert held_by(dana).role == Role.STAFF
    admin.post(path, {"was": "staff", "role": "group_admin", "confirmed": "yes"})
    assert held_by(dana).role == Role.GROUP_ADMIN


def test_removing_says_what_is_lost_and_works_at_once(
    admin: Client, dana: User, elm: Provider
) -> None:
    hers = Client()
    sign_in_directly(hers, dana)
    assert "Elm Clinic" in text(hers, "/home/")
    path = f"/setup/roles/{held_by(dana).id}/remove/"
    assert "Remove Dana Reed from Elm Clinic?" in text(admin, path)
    assert roles_held(dana.id, elm) == {"staff"}
    answer = admin.post(path, {"was": "staff", "next": "/setup/"})
    assert answer.headers["Location"] == "/setup/"
    assert "Elm Clinic" not in text(hers, "/home/")


def test_who_was_removed_on_their_own_page_has_none_to_go_back_to(
    admin: Client, head: User, dana: User, oak: Provider
) -> None:
    grant_provider_role(user=dana, provider=oak, role=Role.STAFF, by=head.id, at=START)
    own = f"/setup/users/{dana.id}/"
    for role, back_to in zip(
        Membership.objects.filter(user=dana).order_by("id"), (own, "/setup/users/"), strict=True
    ):
        answer = admin.post(f"/setup/roles/{role.id}/remove/", {"was": role.role, "next": own})
        assert answer.headers["Location"] == back_to
    # Pressed once more, on a page from before.
    again = admin.post(f"/setup/roles/{role.id}/remove/", {"was": role.role, "next": own})
    assert again.headers["Location"] == "/setup/users/"
    assert "Dana Reed was removed from Oak Clinic." in text(admin, "/setup/users/")


def test_an_old_page_says_so_and_changes_nothing(admin: Client, dana: User) -> None:
    path = f"/setup/roles/{held_by(dana).id}/"
    admin.post(path, {"was": "staff", "role": "provider_admin"})
    answer = admin.post(path, {"was": "staff", "role": "provider_admin"}, follow=True)
    assert "this has changed since you opened the page" in answer.content.decode()
    assert held_by(dana).role == Role.PROVIDER_ADMIN


def test_the_only_admin_is_told_why_they_stay(admin: Client, head: User) -> None:
    path = f"/setup/roles/{held_by(head).id}/remove/"
    answer = admin.post(path, {"was": "group_admin"}, follow=True)
    assert "only Provider Group Admin" in answer.content.decode()
    assert held_by(head).role == Role.GROUP_ADMIN


def test_another_site_is_no_way_back(admin: Client, dana: User) -> None:
    answer = admin.post(
        f"/setup/roles/{held_by(dana).id}/",
        {"was": "staff", "role": "provider_admin", "next": "https://elsewhere.example/"},
    )
    assert answer.headers["Location"] == f"/setup/users/{dana.id}/"


def test_whatever_is_out_of_reach_is_not_found_and_stays(
    admin: Client, dana: User, stranger_provider: Provider
) -> None:
    other = User.objects.get(username="other")
    theirs = held_by(other)
    for path in (
        f"/setup/providers/{stranger_provider.id}/",
        f"/setup/users/{other.id}/",
        f"/setup/roles/{theirs.id}/remove/",
        f"/setup/providers/{uuid7()}/",
    ):
        assert text(admin, path, status=404)
    refused = [
        admin.post(f"/setup/roles/{theirs.id}/", {"was": "group_admin", "role": "staff"}),
        admin.post(f"/setup/roles/{theirs.id}/remove/", {"was": "group_admin"}),
        admin.post(
            f"/setup/providers/{stranger_provider.id}/", {"user": str(dana.id), "role": "staff"}
        ),
    ]
    assert {answer.status_code for answer in refused} == {404}
    assert held_by(other) == theirs
    foreign = {"user": str(other.id), "role": "staff"}
    mine = Provider.objects.get(name="Elm Clinic")
    assert (
        "Select a valid choice"
        in admin.post(f"/setup/providers/{mine.id}/", foreign).content.decode()
    )
    assert roles_held(other.id, mine) == set()


def test_a_provider_admin_sees_group_admins_and_cannot_touch_them(
    head: User, elm: Provider, oak: Provider, chief: User, client: Client
) -> None:
    sign_in_directly(client, chief)
    assert "Manage Provider Groups (1)" in text(client, "/setup/")
    html = text(client, f"/setup/providers/{elm.id}/")
    assert "Head Reed" in html
    assert not re.search(rf"/setup/roles/{held_by(head).id}/", html)
    assert "group_admin" not in html
    text(client, f"/setup/users/{head.id}/", status=404)
    text(client, f"/setup/roles/{held_by(head).id}/remove/", status=404)


def test_who_manages_nobody_is_shown_their_administrators(dana: User, client: Client) -> None:
    sign_in_directly(client, dana)
    answer = client.get("/setup/", follow=True)
    assert answer.redirect_chain == [("/setup/administrators/", 302)]
    assert "head@clinic.example" in answer.content.decode()
    assert "Who is my administrator?" in answer.content.decode()
    assert 'href="/setup/administrators/"' in text(client, "/home/")
