"""One task for the access reviews of all contracts: reminders once each, the end on the day."""

from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from core.accounts.models import ContractAccess, User
from core.audit.models import AuditEvent
from core.common import clock
from core.common.errors import DomainError
from core.groups.models import (
    AccessConfirmation,
    Membership,
    Provider,
    ReviewNotice,
    ReviewStart,
    Role,
)
from core.groups.services import reviews
from core.groups.services.memberships import grant_group_admin, grant_provider_role
from core.groups.services.review_watch import REVIEW_KIND, Watched, watch_reviews
from core.groups.services.reviews import Term, confirm_roles
from core.groups.services.role_mails import ROLE_KIND
from core.groups.services.roles import end_membership, roles_held
from core.notifications.models import OutboxMessage
from tenants import registry
from tenants.context import ActiveContract
from tests.integration.setup.reviewing import (
    DUE,
    ENDS,
    LAST,
    SOON,
    asking,
    confirm,
    held_by,
    mails,
    term_of,
)
from tests.support.naive import must_fail
from tests.support.people import EVERYWHERE, START, make_person, make_provider
from tests.support.publishing import publish_change
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db


def test_admins_are_reminded_before_and_on_the_day_once_each(
    head: User, chief: User, dana: User
) -> None:
    asking()
    assert watch_reviews(at=SOON - timedelta(hours=1)) == Watched()
    for at in (SOON, DUE):
        assert watch_reviews(at=at) == Watched(told=3)
        assert watch_reviews(at=at + timedelta(hours=1)) == Watched()
    assert watch_reviews(at=ENDS + timedelta(days=100)) == Watched()
    assert Counter(OutboxMessage.objects.values_list("to", flat=True)) == {
        head.email: 2,
        chief.email: 2,
    }


def test_the_mail_counts_what_its_reader_may_confirm_and_names_nobody(
    head: User, chief: User, dana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking()
    watch_reviews(at=DUE)
    monkeypatch.setattr(clock, "now", lambda: DUE)
    (_, of_chief), (_, of_head) = mails(REVIEW_KIND)
    assert "1 role is due now" in of_chief
    assert "3 roles are due now" in of_head
    assert "Dana" not in of_head
    assert "Elm" not in of_head


def test_who_has_nothing_left_to_confirm_gets_no_mail(
    head: User, dana: User, elm: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = asking()
    watch_reviews(at=DUE)
    confirm(contract, dana, head, by=head)
    monkeypatch.setattr(clock, "now", lambda: DUE)
    assert mails(REVIEW_KIND) == []


def test_a_contract_that_begins_to_ask_finds_nobody_overdue(head: User, dana: User) -> None:
    publish_change("wv-bh", groups__access_review_days=30)
    much_later = START + timedelta(days=900)
    assert watch_reviews(at=much_later) == Watched()
    assert watch_reviews(at=much_later + timedelta(days=40)) == Watched(told=2)


def test_a_contract_that_stops_asking_forgets_what_was_due(head: User, dana: User) -> None:
    contract = asking()
    watch_reviews(at=DUE)
    publish_change("wv-bh", groups__access_review_days=None)
    assert watch_reviews(at=ENDS) == Watched()
    assert not ReviewNotice.objects.exists()
    assert not ReviewStart.objects.filter(contract_id=contract.id).exists()


def run_all(*moments: datetime) -> Watched:
    return sum((watch_reviews(at=at) for at in moments), Watched())


def test_what_nobody_confirmed_ends_with_a_mail(
    head: User, dana: User, chief: User, elm: Provider
) -> None:
    contract = asking(unconfirmed="remove")
    run_all(SOON, DUE, LAST)
    confirm(contract, chief, by=head, at=LAST)
    assert watch_reviews(at=ENDS - timedelta(hours=1)) == Watched()
    assert watch_reviews(at=ENDS) == Watched(ended=1)
    assert watch_reviews(at=ENDS) == Watched()
    assert roles_held(dana.id, elm) == set()
    assert roles_held(chief.id, elm) == {Role.PROVIDER_ADMIN}
    access = ContractAccess.objects.filter(user=dana, until__isnull=True)
    assert not access.exists()
    [(to, text)] = mails(ROLE_KIND)
    assert to == dana.email
    assert "You are no longer Provider Staff Account for Elm Clinic." in text
    assert "No administrator confirmed this" in text
    event = AuditEvent.objects.get(event_type="membership.ended")
    assert (event.actor_id, event.data["because"]) == (None, "access_review")


def test_nobody_ends_who_was_not_announced_a_week_before(head: User, dana: User) -> None:
    asking(unconfirmed="remove")
    late = ENDS + timedelta(days=3)
    assert watch_reviews(at=late) == Watched(told=2)
    assert watch_reviews(at=late + timedelta(days=6)) == Watched()
    assert watch_reviews(at=late + timedelta(days=7)) == Watched(ended=1)


def test_the_last_admin_stays(head: User, elm: Provider) -> None:
    asking(unconfirmed="remove")
    second = make_person("second")
    grant_group_admin(user=second, group=elm.group, by=head.id, at=START)
    assert run_all(SOON, DUE, LAST, ENDS).ended == 1
    assert Membership.objects.filter(group=elm.group, until__isnull=True).count() == 1
    assert watch_reviews(at=ENDS + timedelta(days=30)).ended == 0


def test_an_admin_of_more_than_the_contract_stays(head: User, elm: Provider, oak: Provider) -> None:
    asking(unconfirmed="remove")
    second = make_person("second")
    grant_group_admin(user=second, group=elm.group, by=head.id, at=START)
    assert run_all(SOON, DUE, LAST, ENDS).ended == 0
    assert roles_held(second.id, oak) == {Role.GROUP_ADMIN}


def test_roles_elsewhere_are_left_alone(head: User, dana: User, oak: Provider) -> None:
    asking(unconfirmed="remove")
    grant_provider_role(user=dana, provider=oak, role=Role.STAFF, by=head.id, at=START)
    run_all(SOON, DUE, LAST, ENDS)
    assert held_by(dana).provider == oak


def test_more_roles_than_one_transaction_takes(
    head: User, elm: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.groups.services.review_watch.BATCH", 2)
    asking(unconfirmed="remove")
    for place in range(5):
        user = make_person(f"user{place}", factors=False)
        grant_provider_role(user=user, provider=elm, role=Role.STAFF, by=head.id, at=START)
    assert run_all(SOON, DUE, LAST, ENDS).ended == 5


def a_group(pair: int = 0) -> tuple[User, User]:
    head, dana = make_person(f"head{pair}"), make_person(f"dana{pair}")
    elm = make_provider(head, registry.get_contract("wv-bh"), identifier=f"90000000{pair:02}")
    grant_provider_role(user=dana, provider=elm, role=Role.STAFF, by=head.id, at=START)
    return head, dana


def run_at(at: datetime, _place: int) -> Watched:
    return watch_reviews(at=at)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_tell_and_end_once() -> None:
    asking(unconfirmed="remove")
    _head, dana = a_group()
    for at in (SOON, DUE, LAST, ENDS):
        at_once(4, partial(run_at, at))
    assert OutboxMessage.objects.filter(kind=REVIEW_KIND).count() == 3
    assert OutboxMessage.objects.filter(kind=ROLE_KIND).count() == 1
    ended = AuditEvent.objects.filter(event_type="membership.ended")
    assert ended.count() == 1
    assert not Membership.objects.filter(user=dana, until__isnull=True).exists()


def it_was_confirmed_or_has_ended(term: Term) -> None:
    """Either it was confirmed in time and stays, or it has ended and nobody confirmed it."""
    ended = not Membership.objects.filter(pk=term.membership_id, until__isnull=True).exists()
    confirmed = AccessConfirmation.objects.filter(membership_id=term.membership_id).exists()
    assert ended != confirmed


def confirm_while(act: str, contract: ActiveContract, pair: int) -> Counter[str]:
    head, dana = a_group(pair)
    term = term_of(dana)
    for at in (SOON, DUE, LAST):
        watch_reviews(at=at)

    def turn(place: int) -> str:
        try:
            if place:
                number = confirm_roles(terms=[term], contract=contract, by=head.id, at=ENDS)
                return "confirmed" if number else "nothing"
            if act == "remove":
                end_membership(
                    membership_id=term.membership_id,
                    was=Role.STAFF,
                    by=head.id,
                    entered=EVERYWHERE,
                    at=ENDS,
                )
                return "ended"
            return "ended" if watch_reviews(at=ENDS).ended else "stays"
        except DomainError as error:
            return error.code

    found = Counter(at_once(2, turn))
    if act == "task":
        it_was_confirmed_or_has_ended(term)
    else:
        assert not Membership.objects.filter(pk=term.membership_id, until__isnull=True).exists()
        # A confirmation came before the end, or not at all.
        assert found["confirmed"] + found["changed_meanwhile"] == 1
    return found


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["task", "remove"])
def test_confirming_and_ending_at_once_come_one_after_the_other(act: str) -> None:
    contract = asking(unconfirmed="remove")
    for pair in range(4):
        confirm_while(act, contract, pair)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_one_role_is_confirmed_once_however_often_the_button_is_pressed() -> None:
    contract = asking()
    head, dana = a_group()
    term = term_of(dana)

    def press(place: int) -> int:
        at = DUE + timedelta(milliseconds=place)
        return confirm_roles(terms=[term], contract=contract, by=head.id, at=at)

    assert sum(at_once(6, press)) == 1
    assert AccessConfirmation.objects.count() == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_it_would_be_confirmed_after_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The naive way: look whether the role is there, and write down that it was confirmed."""
    contract = asking(unconfirmed="remove")
    head, dana = a_group()
    term = term_of(dana)
    run_all(SOON, DUE, LAST)
    looks = reviews._require_managed

    def ends_meanwhile(*args: Any, **kwargs: Any) -> None:
        at_once(1, lambda _place: watch_reviews(at=ENDS))
        looks(*args, **kwargs)

    monkeypatch.setattr(reviews, "hold_groups", lambda _keys: [])
    monkeypatch.setattr(reviews, "_require_managed", ends_meanwhile)
    confirm_roles(terms=[term], contract=contract, by=head.id, at=ENDS)
    with must_fail(where="assert ended != confirmed"):
        it_was_confirmed_or_has_ended(term)
