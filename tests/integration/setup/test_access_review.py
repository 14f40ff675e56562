"""The access review: who may confirm whom, what is kept of it, and its page."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.db.models import Value
from django.test import Client

from core.accounts.models import User
from core.accounts.services.accounts import deactivate_account
from core.audit.models import AuditEvent
from core.common import clock
from core.groups.models import (
    AccessConfirmation,
    Membership,
    Provider,
    ReviewNotice,
    Role,
)
from core.groups.services.memberships import grant_group_admin
from core.groups.services.review_watch import Watched, watch_reviews
from core.groups.services.reviews import OwnRoleError, confirm_roles
from core.groups.services.roles import ChangedMeanwhileError, end_membership
from tests.integration.setup.reviewing import (
    DUE,
    asking,
    confirm,
    held_by,
    term_of,
)
from tests.support.naive import fails_with
from tests.support.people import EVERYWHERE, START, make_person
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
PAGE = "/setup/access-review/"


def test_a_confirmation_begins_a_new_term_and_is_kept(
    head: User, dana: User, elm: Provider
) -> None:
    contract = asking()
    assert confirm(contract, dana, by=head) == 1
    kept = AccessConfirmation.objects.get()
    assert (kept.membership, kept.confirmed_by, kept.confirmed_at) == (held_by(dana), head.id, DUE)
    assert kept.term_began_at == START
    event = AuditEvent.objects.get(event_type="membership.confirmed")
    assert (event.actor_id, event.subject_id) == (head.id, kept.membership_id)
    assert event.contract_id == contract.id
    # Its days begin anew: nothing is due before the next term is over.
    assert watch_reviews(at=DUE) == Watched(told=1)
    assert not ReviewNotice.objects.filter(membership=held_by(dana)).exists()


def test_pressed_twice_it_is_one_confirmation(head: User, dana: User) -> None:
    contract = asking()
    assert confirm(contract, dana, by=head) == 1
    assert confirm(contract, dana, by=head, at=DUE + timedelta(seconds=1)) == 0
    assert AccessConfirmation.objects.count() == 1


def test_named_twice_it_is_one_confirmation(head: User, dana: User) -> None:
    assert confirm(asking(), dana, dana, by=head) == 1
    assert AccessConfirmation.objects.count() == 1


def test_nobody_confirms_themselves_but_the_only_admin(
    head: User, dana: User, chief: User, elm: Provider
) -> None:
    contract = asking()
    with pytest.raises(OwnRoleError):
        confirm(contract, chief, by=chief)
    assert confirm(contract, head, by=head) == 1
    second = make_person("second")
    grant_group_admin(user=second, group=elm.group, by=head.id, at=START)
    with pytest.raises(OwnRoleError):
        confirm(contract, second, dana, by=second)
    assert AccessConfirmation.objects.count() == 1
    # A closed account confirms nobody, so it is no second pair of eyes.
    deactivate_account(user_id=head.id, reason="left", by=second.id, at=DUE)
    assert confirm(contract, second, by=second) == 1


def test_what_is_not_the_admins_is_not_confirmed(
    head: User, dana: User, chief: User, oak: Provider
) -> None:
    contract, other = asking(), asking("ms-um")
    with pytest.raises(ChangedMeanwhileError):
        confirm(contract, head, by=chief)
    with pytest.raises(ChangedMeanwhileError):
        confirm(contract, chief, by=dana)
    # Dana does nothing in the other contract.
    with pytest.raises(ChangedMeanwhileError):
        confirm(other, dana, by=head)
    assert not AccessConfirmation.objects.exists()


def test_one_that_has_ended_stops_all(head: User, dana: User, chief: User) -> None:
    contract = asking()
    terms = [term_of(dana), term_of(chief)]
    end_membership(
        membership_id=held_by(dana).id, was=Role.STAFF, by=head.id, entered=EVERYWHERE, at=DUE
    )
    with pytest.raises(ChangedMeanwhileError):
        confirm_roles(terms=terms, contract=contract, by=head.id, at=DUE)
    assert not AccessConfirmation.objects.exists()


def test_a_role_for_the_group_is_confirmed_in_each_contract(head: User, oak: Provider) -> None:
    for slug in ("wv-bh", "ms-um"):
        assert confirm(asking(slug), head, by=head) == 1
    assert AccessConfirmation.objects.values("contract").distinct().count() == 2


def test_the_record_is_never_changed(head: User, dana: User) -> None:
    confirm(asking(), dana, by=head)
    for change in (
        lambda: AccessConfirmation.objects.update(confirmed_by=dana.id),
        lambda: AccessConfirmation.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def keys_on(html: str) -> list[str]:
    return re.findall(r'name="role" value="([^"]+)"', html)


def open_page(client: Client, path: str = PAGE) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_contract_that_does_not_ask_shows_nothing_of_it(admin: Client, dana: User) -> None:
    assert admin.get(PAGE).status_code == 404
    assert "access-review" not in open_page(admin, "/setup/users/")
    asking()
    assert PAGE in open_page(admin, "/setup/users/")
    assert admin.get(f"{PAGE}?program=ms-um").status_code == 404


def test_one_and_several_are_confirmed_from_the_page(
    admin: Client, head: User, dana: User, chief: User
) -> None:
    asking()
    html = open_page(admin)
    # The only admin stands for themselves.
    assert len(keys_on(html)) == 3
    keys = {key.split("|")[0]: key for key in keys_on(html)}
    one = keys[str(held_by(dana).id)]
    answer = admin.post(PAGE, {"one": one, "role": keys_on(html), "next": f"{PAGE}?page=2"})
    assert answer.headers["Location"] == f"{PAGE}?page=2"
    assert AccessConfirmation.objects.get().membership == held_by(dana)
    answer = admin.post(PAGE, {"role": keys_on(html)}, follow=True)
    assert "2 roles confirmed." in answer.content.decode()
    assert AccessConfirmation.objects.count() == 3
    assert "Confirmed" in open_page(admin)
    assert "by Head Reed" in open_page(admin)
    assert "confirmed Dana Reed’s role Provider Staff Account at Elm Clinic." in open_page(
        admin, "/setup/activity/?kind=roles"
    )


def test_an_old_page_confirms_nothing_and_says_so(admin: Client, head: User, dana: User) -> None:
    asking()
    keys = keys_on(open_page(admin))
    end_membership(
        membership_id=held_by(dana).id,
        was=Role.STAFF,
        by=head.id,
        entered=EVERYWHERE,
        at=clock.now(),
    )
    html = admin.post(PAGE, {"role": keys}, follow=True).content.decode()
    assert "has changed since you opened the page" in html
    assert not AccessConfirmation.objects.exists()


def test_what_is_out_of_reach_or_made_up_is_not_found(
    admin: Client, chief: User, head: User, stranger_provider: Provider
) -> None:
    asking()
    foreign = Membership.objects.get(group=stranger_provider.group)
    now = clock.now().isoformat()
    client = Client()
    sign_in_directly(client, chief)
    assert str(held_by(head).id) not in open_page(client)
    for who, key in (
        (admin, f"{foreign.id}|{now}"),
        (client, f"{held_by(head).id}|{now}"),
        (admin, "nonsense"),
        (admin, f"{held_by(chief).id}|{now[:19]}"),
    ):
        assert who.post(PAGE, {"role": key}).status_code == 404, key
    assert not AccessConfirmation.objects.exists()


def test_it_is_searched_and_the_longest_unconfirmed_stand_first(
    admin: Client, dana: User, chief: User, head: User
) -> None:
    confirm(asking(), dana, by=head, at=START + timedelta(days=1))
    html = open_page(admin)
    assert html.index("(chief)") < html.index("(dana)")
    found = open_page(admin, f"{PAGE}?q=dana")
    assert "(dana)" in found
    assert "(chief)" not in found
    assert "(dana)" in open_page(admin, f"{PAGE}?q=elm+clinic")


def test_home_and_the_tab_count_what_waits(admin: Client, head: User, dana: User) -> None:
    contract = asking()
    assert "still need" not in open_page(admin, "/home/")
    watch_reviews(at=DUE)
    assert "2 roles wait for you to confirm" in open_page(admin, "/home/")
    assert "Access review (2)" in open_page(admin, "/setup/")
    confirm(contract, dana, by=head, at=DUE)
    assert "One role waits for you to confirm" in open_page(admin, "/home/")
    client = Client()
    sign_in_directly(client, dana)
    assert "confirm that" not in open_page(client, "/home/")


def test_the_export_says_who_stands_for_whom(admin: Client, head: User, dana: User) -> None:
    def rows() -> dict[str, dict[str, str]]:
        text = admin.post("/setup/users/export/").getvalue().decode("utf-8-sig")
        return {row["username"]: row for row in csv.DictReader(io.StringIO(text))}

    contract = asking()
    before = rows()
    assert before["dana"]["confirmed"].startswith("2026-03-02")
    assert before["dana"]["confirmed by"] == "Head Reed"
    # Head has registered the provider: nobody else gave the role.
    assert before["head"]["confirmed by"] == ""
    confirm(contract, dana, by=head)
    assert rows()["dana"]["confirmed"].startswith("2026-04-06")


def test_whoever_manages_a_role_would_confirm_their_own(
    head: User, dana: User, chief: User, elm: Provider
) -> None:
    """The naive way: a role within one's reach is one to confirm."""
    fails_with(
        "core.groups.services.reviews.may_be_confirmed_by",
        lambda _by: Value(value=True),
        lambda: test_nobody_confirms_themselves_but_the_only_admin(head, dana, chief, elm),
        where="with pytest.raises(OwnRoleError)",
    )
