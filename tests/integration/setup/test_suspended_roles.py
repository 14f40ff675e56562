"""What an access review suspends gives nothing, until an admin confirms it after all."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from core.accounts.models import ContractAccess, User
from core.accounts.services.accounts import deactivate_account
from core.audit.models import AuditEvent
from core.common.errors import DomainError
from core.groups.models import Membership, Provider, Role, Settlement, SuspendedRole
from core.groups.services.memberships import grant_group_admin, grant_provider_role
from core.groups.services.review_watch import Watched, watch_reviews
from core.groups.services.reviews import OwnRoleError
from core.groups.services.role_mails import ROLE_KIND
from core.groups.services.roles import (
    ChangedMeanwhileError,
    RoleNotYoursError,
    add_role,
    end_membership,
    roles_held,
)
from core.groups.services.suspended_roles import give_back_role, let_role_go
from tenants import registry
from tests.integration.setup.configured import READER, offering, somebody
from tests.integration.setup.reviewing import DUE, ENDS, LAST, SOON, asking, confirm, held_by, mails
from tests.support.naive import fails_with
from tests.support.people import EVERYWHERE, START, make_person, make_provider
from tests.support.sign_in import sign_in_directly
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db
PAGE = "/setup/access-review/"
LATER = ENDS + timedelta(days=1)


def suspend(*, but: tuple[User, ...] = (), by: User | None = None) -> None:
    """Let the days of all roles but some run out."""
    contract = asking(unconfirmed="suspend")
    for at in (SOON, DUE, LAST):
        watch_reviews(at=at)
    if by:
        confirm(contract, *but, by=by, at=LAST)
    watch_reviews(at=ENDS)


def waiting_of(user: User) -> SuspendedRole:
    return SuspendedRole.objects.get(membership__user=user)


def give_back(user: User, *, by: User, entered: object = EVERYWHERE) -> Membership:
    return give_back_role(suspension_id=waiting_of(user).id, by=by.id, entered=entered, at=LATER)  # type: ignore[arg-type]


def test_a_suspended_role_gives_nothing_and_its_owner_is_told(
    head: User, dana: User, elm: Provider
) -> None:
    suspend()
    assert roles_held(dana.id, elm) == set()
    assert not ContractAccess.objects.filter(user=dana, until__isnull=True).exists()
    assert waiting_of(dana).membership.until == ENDS
    [(to, text)] = mails(ROLE_KIND)
    assert to == dana.email
    assert "so it is suspended" in text
    # The only Provider Group Admin stays, and a later run finds nothing more.
    assert roles_held(head.id, elm) == {Role.GROUP_ADMIN}
    assert watch_reviews(at=LATER) == Watched()
    assert SuspendedRole.objects.count() == 1


def test_it_is_given_back_as_it_was(head: User, dana: User, elm: Provider) -> None:
    suspend()
    made = give_back(dana, by=head)
    assert (made.role, made.provider, made.created_by) == (Role.STAFF, elm, head.id)
    assert ContractAccess.objects.filter(user=dana, until__isnull=True).exists()
    settled = waiting_of(dana)
    assert (settled.settlement, settled.settled_by) == (Settlement.GIVEN_BACK, head.id)
    assert any("You are now Provider Staff Account" in text for _to, text in mails(ROLE_KIND))
    # A new term has begun: nobody is reminded of it at once.
    assert watch_reviews(at=LATER + timedelta(days=1)) == Watched()
    with pytest.raises(ChangedMeanwhileError):
        give_back(dana, by=head)


def test_it_is_given_back_by_whom_it_could_be_given_by(
    head: User, dana: User, chief: User, elm: Provider
) -> None:
    suspend(but=(chief,), by=head)
    stranger = make_person("stranger")
    for by in (stranger, dana):
        with pytest.raises(DomainError):
            give_back(dana, by=by)
    deactivate_account(user_id=chief.id, reason="left", by=head.id, at=LATER)
    with pytest.raises(ChangedMeanwhileError):
        give_back(dana, by=chief)
    with pytest.raises(DomainError, match="reaches into"):
        give_back(dana, by=head, entered=())
    assert roles_held(dana.id, elm) == set()


def test_a_provider_group_admin_is_given_back_by_another_alone(
    head: User, chief: User, elm: Provider
) -> None:
    second = make_person("second")
    grant_group_admin(user=second, group=elm.group, by=head.id, at=START + timedelta(hours=1))
    suspend(but=(chief,), by=second)
    # The longest unconfirmed went first, and the last one stays.
    assert roles_held(head.id, elm) == set()
    with pytest.raises(RoleNotYoursError):
        give_back(head, by=chief)
    grant_provider_role(user=head, provider=elm, role=Role.STAFF, by=second.id, at=START)
    with pytest.raises(OwnRoleError):
        give_back(head, by=head)
    Membership.objects.filter(user=head, role=Role.STAFF).update(until=START + timedelta(hours=1))
    assert give_back(head, by=second).role == Role.GROUP_ADMIN


def test_who_was_decided_about_otherwise_waits_no_more(
    head: User, dana: User, elm: Provider
) -> None:
    suspend()
    given = partial(add_role, user=dana, provider=elm, by=head.id, entered=EVERYWHERE)
    given(role=Role.PROVIDER_ADMIN, at=LATER)
    held = held_by(dana)
    with pytest.raises(ChangedMeanwhileError):
        give_back(dana, by=head)
    end_membership(membership_id=held.id, was=held.role, by=head.id, entered=EVERYWHERE, at=LATER)
    with pytest.raises(ChangedMeanwhileError):
        give_back(dana, by=head)
    assert roles_held(dana.id, elm) == set()


def test_nobody_gets_back_a_place_or_an_account_that_is_closed(
    head: User, dana: User, chief: User, elm: Provider, oak: Provider
) -> None:
    suspend()
    deactivate_account(user_id=dana.id, reason="left", by=head.id, at=LATER)
    with pytest.raises(ChangedMeanwhileError):
        give_back(dana, by=head)
    Provider.objects.filter(pk=elm.pk).update(status="ended", ended_at=LATER)
    with pytest.raises(ChangedMeanwhileError):
        give_back(chief, by=head)


def test_a_settlement_is_whole(head: User, dana: User) -> None:
    suspend()
    for half in ({"settlement": "let_go"}, {"settled_at": LATER}, {"settled_by": head.id}):
        with pytest.raises(IntegrityError), transaction.atomic():
            SuspendedRole.objects.update(**half)


def open_page(client: Client, path: str = PAGE) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_gives_back_and_lets_go(
    admin: Client, dana: User, chief: User, elm: Provider
) -> None:
    suspend()
    html = open_page(admin)
    assert "(dana)" in html
    assert "Access review (3)" in html
    assert "3 roles wait for you to confirm" in open_page(admin, "/home/")
    form = {"suspended": str(waiting_of(dana).id), "next": PAGE}
    html = admin.post(PAGE, form | {"give_back": "yes"}, follow=True).content.decode()
    assert "Dana Reed has the role again." in html
    assert roles_held(dana.id, elm) == {Role.STAFF}
    again = admin.post(PAGE, form | {"let_go": "yes"}, follow=True).content.decode()
    assert "has changed since you opened the page" in again
    form["suspended"] = str(waiting_of(chief).id)
    html = admin.post(PAGE, form | {"let_go": "yes"}, follow=True).content.decode()
    assert "does not get the role back" in html
    assert '<h2 id="suspended">' not in html
    assert roles_held(chief.id, elm) == set()
    assert AuditEvent.objects.filter(event_type="membership.let_go").count() == 1
    told = open_page(admin, "/setup/activity/?kind=roles")
    assert "The portal suspended Chief Reed’s role Provider Admin at Elm Clinic" in told
    assert "let Chief Reed’s suspended role Provider Admin at Elm Clinic go." in told


def test_what_is_out_of_reach_is_not_found(
    admin: Client, head: User, dana: User, elm: Provider, stranger_provider: Provider
) -> None:
    ash = make_person("ash")
    grant_provider_role(user=ash, provider=stranger_provider, role=Role.STAFF, by=head.id, at=START)
    suspend()
    assert "(ash)" not in open_page(admin)
    for key in (waiting_of(ash).id, dana.id, "nonsense"):
        assert admin.post(PAGE, {"suspended": key, "give_back": "yes"}).status_code == 404
    client = Client()
    sign_in_directly(client, dana)
    assert PAGE not in open_page(client, "/home/")
    pressed = {"suspended": str(waiting_of(dana).id), "give_back": "yes"}
    assert client.post(PAGE, pressed).headers["Location"] == "/setup/administrators/"
    assert roles_held(dana.id, elm) == set()
    assert roles_held(ash.id, stranger_provider) == set()


def test_what_is_given_at_the_same_moment_decides_too(
    head: User, dana: User, elm: Provider
) -> None:
    """Whoever gave it looked at the clock first, and waited for the run that suspended."""
    suspend()
    add_role(
        user=dana,
        provider=elm,
        role=Role.GROUP_ADMIN,
        by=head.id,
        entered=EVERYWHERE,
        at=ENDS - timedelta(seconds=1),
    )
    with pytest.raises(ChangedMeanwhileError):
        give_back(dana, by=head)
    assert roles_held(dana.id, elm) == {Role.GROUP_ADMIN}


def test_a_role_that_the_program_has_no_longer_can_be_taken_off_the_list(
    admin: Client, head: User, elm: Provider
) -> None:
    offering(READER)
    rita = somebody("rita", "reader", elm, by=head)
    suspend()
    offering()
    html = open_page(admin, f"{PAGE}?q=rita")
    assert "The program has this role no longer." in html
    assert 'name="give_back"' not in html
    form = {"suspended": str(waiting_of(rita).id), "next": PAGE}
    assert (
        "does not get" in admin.post(PAGE, {**form, "let_go": "yes"}, follow=True).content.decode()
    )


def test_a_form_without_a_button_takes_nothing_off_the_list(admin: Client, dana: User) -> None:
    suspend()
    assert admin.post(PAGE, {"suspended": str(waiting_of(dana).id)}).status_code == 404
    assert waiting_of(dana).settlement == ""


def test_who_is_out_is_found_by_what_the_page_shows_and_not_by_an_address(
    admin: Client, dana: User
) -> None:
    suspend()
    User.objects.filter(pk=dana.pk).update(email="private@new.example")
    for words, found in (("dana", True), ("reed dana", True), ("elm", True), ("private", False)):
        assert ("(dana)" in open_page(admin, f"{PAGE}?q={words}")) is found, words


def test_whatever_is_not_settled_would_be_given_back(head: User, dana: User, elm: Provider) -> None:
    """The naive way: a role waits until somebody presses a button about it."""
    fails_with(
        "core.groups.services.suspended_roles.waiting_suspensions",
        lambda: SuspendedRole.objects.filter(settlement=""),
        lambda: test_who_was_decided_about_otherwise_waits_no_more(head, dana, elm),
        where="with pytest.raises(ChangedMeanwhileError)",
    )


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_admins_at_once_decide_once() -> None:
    head, dana = make_person("head"), make_person("dana")
    elm = make_provider(head, registry.get_contract("wv-bh"))
    grant_provider_role(user=dana, provider=elm, role=Role.STAFF, by=head.id, at=START)
    suspend()
    key = waiting_of(dana).id

    def press(place: int) -> str:
        act = give_back_role if place % 2 else let_role_go
        try:
            act(suspension_id=key, by=head.id, entered=EVERYWHERE, at=LATER)
        except ChangedMeanwhileError:
            return "late"
        return act.__name__

    found = at_once(4, press)
    assert found.count("late") == 3
    gives = "give_back_role" in found
    assert roles_held(dana.id, elm) == ({Role.STAFF} if gives else set())
    assert waiting_of(dana).settlement == ("given_back" if gives else "let_go")
