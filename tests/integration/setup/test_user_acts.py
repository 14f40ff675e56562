"""What an admin does to a whole person: within design decision 15, and told to the owner."""

from unittest import mock

import pytest
from django.test import Client

from core.accounts.locking import LockRules
from core.accounts.models import User
from core.accounts.selectors import username_is_available
from core.accounts.services.accounts import UsernameTakenError, create_account
from core.accounts.services.locks import record_failure
from core.audit.models import AuditEvent
from core.common import clock
from core.groups.models import Provider, Role
from core.groups.services.memberships import grant_provider_role
from core.mfa.models import Factor, HelpRequest
from core.notifications.models import LocalMessage
from tests.support.naive import fails_with
from tests.support.people import START, deliver_all
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
FOREVER = LockRules(failures=1, window_minutes=None, hold_minutes=None)
NAMES = ("unlock", "reset-registration", "deactivate", "reactivate", "ask-for-reset")


def lock(user: User) -> None:
    record_failure(user_id=user.id, rules=FOREVER, at=clock.now())


def act(admin: Client, user: User, name: str) -> str:
    """Press an act's button and return where it leads."""
    return str(admin.post(f"/setup/users/{user.id}/{name}/").headers.get("Location", ""))


def buttons(admin: Client, user: User) -> set[str]:
    html = admin.get(f"/setup/users/{user.id}/").content.decode()
    return {name for name in NAMES if f"/setup/users/{user.id}/{name}/" in html}


def subjects(user: User) -> list[str]:
    """Return what the mails to a person are about, without the sender's name."""
    deliver_all()
    mails = LocalMessage.objects.filter(to=user.email, channel="email")
    return [mail.subject.partition(" (")[0] for mail in mails]


@pytest.fixture
def works_elsewhere(dana: User, stranger_provider: Provider) -> User:
    """Return Dana, who works for somebody else's provider, too."""
    grant_provider_role(
        user=dana, provider=stranger_provider, role=Role.STAFF, by=dana.id, at=START
    )
    return dana


def test_each_state_offers_what_fits(admin: Client, head: User, dana: User) -> None:
    assert buttons(admin, dana) == {"reset-registration", "deactivate"}
    lock(dana)
    assert buttons(admin, dana) == {"unlock", "reset-registration", "deactivate"}
    act(admin, dana, "deactivate")
    assert "reactivate" in buttons(admin, dana)
    assert buttons(admin, head) == set()


def test_unlock(admin: Client, dana: User) -> None:
    lock(dana)
    assert act(admin, dana, "unlock") == f"/setup/users/{dana.id}/"
    dana.refresh_from_db()
    assert not dana.is_locked(clock.now())
    assert "Your account is open again" in subjects(dana)


def test_reset_registration_says_what_is_lost_and_mails_the_owner(
    admin: Client, dana: User
) -> None:
    page = admin.get(f"/setup/users/{dana.id}/reset-registration/").content.decode()
    assert "signed out everywhere" in page
    assert Factor.objects.filter(user=dana).exists()
    act(admin, dana, "reset-registration")
    assert not Factor.objects.filter(user=dana).exists()
    assert len(subjects(dana)) == 1
    assert AuditEvent.objects.filter(event_type="account.registration_reset").count() == 1


def test_who_is_deactivated_is_out_at_once_and_comes_back_with_their_roles(
    admin: Client, dana: User
) -> None:
    hers = Client()
    sign_in_directly(hers, dana)
    assert hers.get("/home/").status_code == 200
    act(admin, dana, "deactivate")
    assert hers.get("/home/").status_code == 302
    act(admin, dana, "reactivate")
    sign_in_directly(hers, dana)
    assert "Elm Clinic" in hers.get("/home/").content.decode()
    assert {"Your account was closed", "Your account is active again"} <= set(subjects(dana))


def test_a_deactivated_username_is_never_given_again(
    admin: Client, dana: User, elm: Provider
) -> None:
    """Not in three years, nor ever: accounts are kept (`User.application_may`)."""
    act(admin, dana, "deactivate")
    assert not username_is_available(" Dana ")
    with pytest.raises(UsernameTakenError):
        create_account(
            username="DANA",
            email="another@clinic.example",
            first_name="Dana",
            last_name="Roe",
            password_hash="",
            by=None,
            at=clock.now(),
        )
    assert "DELETE" not in User.application_may


def test_who_works_elsewhere_is_left_to_the_help_desk(admin: Client, works_elsewhere: User) -> None:
    lock(works_elsewhere)
    assert buttons(admin, works_elsewhere) == {"ask-for-reset"}
    for name in ("unlock", "reset-registration", "deactivate"):
        assert act(admin, works_elsewhere, name) == f"/setup/users/{works_elsewhere.id}/"
    works_elsewhere.refresh_from_db()
    assert works_elsewhere.is_active
    assert works_elsewhere.is_locked(clock.now())
    assert Factor.objects.filter(user=works_elsewhere).exists()
    act(admin, works_elsewhere, "ask-for-reset")
    assert HelpRequest.objects.get().account_id == works_elsewhere.id


def test_staff_of_the_portal_are_nobodys(admin: Client, dana: User) -> None:
    User.objects.filter(pk=dana.pk).update(is_staff_member=True)
    lock(dana)
    assert buttons(admin, dana) == {"ask-for-reset"}
    act(admin, dana, "deactivate")
    dana.refresh_from_db()
    assert dana.is_active


def test_an_admin_does_nothing_to_themselves(admin: Client, head: User) -> None:
    for name in NAMES:
        assert act(admin, head, name) == f"/setup/users/{head.id}/"
    head.refresh_from_db()
    assert head.is_active
    assert Factor.objects.filter(user=head).exists()


def test_a_provider_admin_leaves_group_admins_alone(
    client: Client, chief: User, head: User, dana: User
) -> None:
    sign_in_directly(client, chief)
    assert client.post(f"/setup/users/{head.id}/deactivate/").status_code == 404
    assert "deactivate" in buttons(client, dana)


@pytest.mark.parametrize("name", ["reset-registration", "deactivate"])
def test_what_is_lost_needs_a_fresh_sign_in(admin: Client, dana: User, name: str) -> None:
    session = admin.session
    key = "account_authentication_methods"
    session[key] = [{**entry, "at": entry["at"] - 600} for entry in session[key]]
    session.save()
    assert act(admin, dana, name).startswith("/confirm/?next=")
    dana.refresh_from_db()
    assert dana.is_active
    assert Factor.objects.filter(user=dana).exists()


def test_whoever_has_a_role_here_would_be_acted_on_as_a_whole(
    admin: Client, works_elsewhere: User
) -> None:
    """The naive way: a user of mine is mine to close."""
    with mock.patch("core.groups.services.people.is_wholly_managed", return_value=True):
        fails_with(
            "core.groups.user_acts.is_wholly_managed",
            lambda _user, *, by: True,
            lambda: test_who_works_elsewhere_is_left_to_the_help_desk(admin, works_elsewhere),
            where="assert buttons(admin, works_elsewhere) ==",
        )
