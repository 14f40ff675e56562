"""Several at once: a table of users and providers, where all changes are made or none."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.accounts.models import User
from core.common.ids import uuid7
from core.groups.grid import COLUMNS
from core.groups.models import Membership, Provider, Role
from core.groups.services.memberships import grant_provider_role
from core.groups.services.roles import end_membership, roles_held
from core.groups.setup import PER_PAGE
from tests.support.people import EVERYWHERE, START, after, make_person
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
PATH = "/setup/grid/"


def cell(user: User, provider: Provider, was: str, role: str) -> dict[str, str]:
    key = f"{user.id}:{provider.id}"
    return {f"w:{key}": was, f"c:{key}": role}


@pytest.mark.usefixtures("chief")
def test_the_table_shows_every_role_and_what_may_be_changed(
    admin: Client, head: User, dana: User, elm: Provider, oak: Provider
) -> None:
    html = admin.get(PATH).content.decode()
    assert 'aria-label="Role of Dana Reed at Oak Clinic"' in html
    assert f'name="c:{dana.id}:{elm.id}"' in html
    # A role for the whole group stands there and is changed on its own page
    assert f"c:{head.id}" not in html
    assert "Provider Group Admin" in html
    narrowed = admin.get(PATH, {"q": "dana", "p": "oak"}).content.decode()
    assert "Chief Reed" not in narrowed
    assert f"{dana.id}:{elm.id}" not in narrowed


def test_what_changes_is_spelled_out_and_then_done_together(
    admin: Client, dana: User, chief: User, elm: Provider, oak: Provider
) -> None:
    typed = {
        **cell(dana, elm, "staff", ""),
        **cell(dana, oak, "", "provider_admin"),
        **cell(chief, elm, "provider_admin", "staff"),
        **cell(chief, oak, "", ""),
    }
    shown = admin.post(PATH, typed).content.decode()
    for said in ("no role → Provider Admin", "Staff Account → no role", "Admin → Provider Staff"):
        assert said in shown
    assert roles_held(dana.id, elm) == {"staff"}
    answer = admin.post(PATH, typed | {"confirmed": "yes"}, follow=True)
    assert "3 roles changed." in answer.content.decode()
    assert roles_held(dana.id, elm) == set()
    assert roles_held(dana.id, oak) == {"provider_admin"}
    assert roles_held(chief.id, elm) == {"staff"}


def test_one_that_has_changed_meanwhile_undoes_all(
    admin: Client, dana: User, chief: User, elm: Provider, oak: Provider
) -> None:
    head = User.objects.get(username="head")
    typed = {**cell(dana, oak, "", "staff"), **cell(chief, elm, "provider_admin", "staff")}
    held = Membership.objects.get(user=chief, until__isnull=True)
    end_membership(
        membership_id=held.id,
        was=Role.PROVIDER_ADMIN,
        by=head.id,
        entered=EVERYWHERE,
        at=after(hours=1),
    )
    grant_provider_role(user=chief, provider=oak, role=Role.STAFF, by=head.id, at=START)
    answer = admin.post(PATH, typed | {"confirmed": "yes"}, follow=True)
    assert "has changed since you opened the page" in answer.content.decode()
    assert roles_held(dana.id, oak) == set()


def test_a_full_table_fits_into_one_request(admin: Client, dana: User, oak: Provider) -> None:
    typed = cell(dana, oak, "", "staff") | {"next": PATH, "confirmed": "yes"}
    for _ in range(PER_PAGE * COLUMNS - 1):
        key = f"{uuid7()}:{oak.id}"
        typed |= {f"w:{key}": "staff", f"c:{key}": "staff"}
    answer = admin.post(PATH, typed, follow=True)
    assert answer.status_code == 200
    assert "1 role changed." in answer.content.decode()


def test_nothing_changed_changes_nothing(admin: Client, dana: User, elm: Provider) -> None:
    answer = admin.post(PATH, cell(dana, elm, "staff", "staff"), follow=True)
    assert "Nothing was changed." in answer.content.decode()
    assert Membership.objects.filter(user=dana).count() == 1


@pytest.mark.usefixtures("dana")
def test_what_lies_outside_is_not_found_and_changes_nothing(
    client: Client, chief: User, oak: Provider, elm: Provider, stranger_provider: Provider
) -> None:
    dana, head, stranger = (User.objects.get(username=name) for name in ("dana", "head", "other"))
    sign_in_directly(client, chief)
    for user, provider, was, role in (
        (dana, oak, "", "staff"),
        (dana, stranger_provider, "", "staff"),
        (stranger, elm, "", "staff"),
        (head, elm, "", "staff"),
        (dana, elm, "staff", "group_admin"),
        (dana, elm, "staff", "operator"),
    ):
        typed = cell(user, provider, was, role) | {"confirmed": "yes"}
        assert client.post(PATH, typed).status_code == 404
    assert client.post(PATH, {"c:nonsense": "staff", "confirmed": "yes"}).status_code == 404
    assert roles_held(dana.id, elm) == {"staff"}
    assert roles_held(head.id, elm) == {"group_admin"}
    assert not roles_held(dana.id, oak)


def test_more_users_take_no_more_statements(
    admin: Client, head: User, dana: User, elm: Provider, oak: Provider
) -> None:
    admin.get(PATH)

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert admin.get(PATH).status_code == 200
        return len(captured)

    few = statements()
    for number in range(8):
        more = make_person(f"more{number}", phone=None)
        grant_provider_role(user=more, provider=oak, role=Role.STAFF, by=head.id, at=START)
    assert statements() == few <= 12
