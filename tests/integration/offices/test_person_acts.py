"""What an office's admin does to the account of one of its people, within design decision 15."""

import pytest
from django.test import Client
from django.urls import reverse

from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common import clock
from core.groups.models import Membership, Office, Provider, Role
from core.groups.services.memberships import grant_provider_role
from core.groups.services.offices import join_office
from core.mfa.models import Factor, HelpRequest
from core.notifications.models import OutboxMessage
from tests.integration.offices.conftest import signed_in
from tests.integration.setup.test_user_acts import NAMES, lock
from tests.support.naive import fails_with
from tests.support.people import START, make_person
from tests.support.publishing import publish_change, publish_methods

pytestmark = pytest.mark.django_db


@pytest.fixture
def billies(assigned: Membership, billie: User, office: Office) -> Membership:
    """Return the role in the office of Billie, who also works by its access."""
    return Membership.objects.get(user=billie, group=office.group_id)


def page_of(held: Membership) -> str:
    return reverse("offices:person", args=[held.id])


def act(hers: Client, held: Membership, name: str) -> str:
    """Press an act's button and return where it leads."""
    path = reverse("offices:person_act", args=[held.id, name])
    return str(hers.post(path).headers.get("Location", ""))


def offered(hers: Client, held: Membership) -> set[str]:
    html = hers.get(page_of(held)).content.decode()
    return {name for name in NAMES if f"{page_of(held)}{name}/" in html}


def test_the_page_of_a_person_says_what_there_is_to_do(
    hers: Client, office: Office, billies: Membership, billie: User
) -> None:
    assert (
        page_of(billies) in hers.get(reverse("offices:office", args=[office.id])).content.decode()
    )
    html = hers.get(page_of(billies)).content.decode()
    assert "Oak Clinic" in html
    assert "Works for the office" in html
    assert offered(hers, billies) == {"reset-registration", "deactivate"}
    lock(billie)
    assert offered(hers, billies) == {"unlock", "reset-registration", "deactivate"}


def test_unlock_reset_close_and_open_again(
    hers: Client, billies: Membership, billie: User, olive: User
) -> None:
    lock(billie)
    assert act(hers, billies, "unlock") == page_of(billies)
    billie.refresh_from_db()
    assert not billie.is_locked(clock.now())
    act(hers, billies, "reset-registration")
    assert not Factor.objects.filter(user=billie).exists()
    act(hers, billies, "deactivate")
    assert offered(hers, billies) == {"reactivate"}
    act(hers, billies, "reactivate")
    billie.refresh_from_db()
    assert billie.is_active
    done = {"unlocked", "registration_reset", "deactivated", "reactivated"}
    for name in done:
        event = AuditEvent.objects.get(event_type=f"account.{name}", subject_id=billie.id)
        assert event.actor_id == olive.id
    # The reset has a mail of its own, which carries the link.
    notices = OutboxMessage.objects.filter(to=billie.email, kind="user_act_notice")
    assert notices.count() == len(done) - 1


def test_who_works_elsewhere_is_left_to_the_help_desk(
    hers: Client, billies: Membership, billie: User, ash: Provider
) -> None:
    grant_provider_role(user=billie, provider=ash, role=Role.STAFF, by=billie.id, at=START)
    lock(billie)
    assert offered(hers, billies) == {"ask-for-reset"}
    for name in ("unlock", "reset-registration", "deactivate"):
        act(hers, billies, name)
    billie.refresh_from_db()
    assert (billie.is_active, billie.is_locked(clock.now())) == (True, True)
    assert Factor.objects.filter(user=billie).exists()
    act(hers, billies, "ask-for-reset")
    assert HelpRequest.objects.get().account_id == billie.id


def test_nobody_acts_on_themselves_the_last_admin_or_another_office(
    hers: Client, office: Office, olive: User, billies: Membership, billie: User
) -> None:
    own = Membership.objects.get(user=olive, group=office.group_id)
    assert offered(hers, own) == set()
    act(hers, own, "deactivate")
    second = make_person("second")
    join_office(office, second, Role.GROUP_ADMIN, by=olive.id, at=clock.now())
    theirs = Membership.objects.get(user=second, group=office.group_id)
    # People who administer nothing, and strangers, find no such page.
    for stranger in (billie, make_person("stranger")):
        for path in (page_of(billies), f"{page_of(billies)}deactivate/"):
            assert signed_in(stranger).get(path).status_code == 404
    assert act(hers, theirs, "deactivate") == page_of(theirs)
    assert act(hers, theirs, "no-act") == ""
    for user, is_open in ((olive, True), (billie, True), (second, False)):
        user.refresh_from_db()
        assert user.is_active is is_open


def test_a_program_that_is_not_entered_is_in_the_way_of_the_whole_person(
    hers: Client, billies: Membership, billie: User
) -> None:
    publish_methods("ms-um", "email", "totp")
    publish_change("ms-um", mfa__admin_methods=["totp"])
    html = hers.get(page_of(billies)).content.decode()
    assert "/ms-um/step-up/" in html
    assert "Oak Clinic" not in html
    assert offered(hers, billies) == set()
    act(hers, billies, "deactivate")
    billie.refresh_from_db()
    assert billie.is_active


def test_who_left_the_office_is_nobodys_there(hers: Client, billies: Membership) -> None:
    hers.post(reverse("offices:remove", args=[billies.id]), {"was": "staff"})
    assert hers.get(page_of(billies)).status_code == 404
    assert hers.get(f"{page_of(billies)}deactivate/").status_code == 404


def test_whoever_works_for_an_office_would_be_its_own(
    hers: Client, billies: Membership, billie: User, ash: Provider
) -> None:
    """The naive way: one of my people is mine to close."""
    fails_with(
        "core.groups.views.office_acts.is_wholly_managed",
        lambda _user, *, by: True,
        lambda: test_who_works_elsewhere_is_left_to_the_help_desk(hers, billies, billie, ash),
        where='assert offered(hers, billies) == {"ask-for-reset"}',
    )
