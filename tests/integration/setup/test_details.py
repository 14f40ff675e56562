"""An admin corrects a user's contact information: what may be changed, by whom, who is told."""

from typing import Any
from unittest import mock

import pytest
from django.test import Client

from core.accounts.details_form import DetailsForm
from core.accounts.models import User
from core.accounts.services.details import DETAILS, details_version
from core.audit.models import AuditEvent
from core.groups.models import Provider, Role
from core.groups.services.memberships import grant_provider_role
from core.groups.services.people import WorksElsewhereError, change_user_details
from core.notifications.models import LocalMessage
from tests.support.naive import fails_with
from tests.support.people import EVERYWHERE, START, after, deliver_all
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
TYPED = {
    "first_name": "Dana",
    "last_name": "Reed-Ávila",
    "address_1": "12 Elm Street",
    "address_2": "",
    "city": "Charleston",
    "us_state": "WV",
    "zip": "25301",
    "phone": "",
    "fax": "304 555 0151",
}


def path_of(user: User) -> str:
    return f"/setup/users/{user.id}/details/"


def save(admin: Client, user: User, **changes: str) -> Any:
    seen = admin.get(path_of(user)).context["form"]["seen"].value()
    return admin.post(path_of(user), {"seen": seen, **TYPED, **changes})


def test_it_is_saved_the_owner_is_told_and_field_names_are_recorded(
    admin: Client, head: User, dana: User
) -> None:
    assert path_of(dana) in admin.get(f"/setup/users/{dana.id}/").content.decode()
    assert save(admin, dana).headers["Location"] == f"/setup/users/{dana.id}/"
    dana.refresh_from_db()
    assert (dana.last_name, dana.fax) == ("Reed-Ávila", "+13045550151")
    event = AuditEvent.objects.get(event_type="account.details_changed")
    assert (event.actor_id, event.subject_id) == (head.id, dana.id)
    assert set(event.data["fields"]) == {"last_name", "address_1", "city", "state", "zip", "fax"}
    assert "Elm" not in str(event.data)
    deliver_all()
    mail = LocalMessage.objects.filter(to=dana.email).latest("sent_at")
    assert mail.subject.startswith("Your contact information was changed")
    assert "last name, address, city, state, ZIP code, fax" in mail.text
    assert "Head Reed" in mail.text
    assert "0151" not in mail.text


def test_nothing_new_tells_nobody(admin: Client, dana: User) -> None:
    save(admin, dana)
    before = LocalMessage.objects.count()
    save(admin, dana)
    deliver_all()
    assert LocalMessage.objects.count() <= before + 1
    assert AuditEvent.objects.filter(event_type="account.details_changed").count() == 1


@pytest.mark.parametrize("name", ["email", "username", "is_staff_member", "is_active", "password"])
def test_address_name_and_flags_are_out_of_reach(admin: Client, dana: User, name: str) -> None:
    before = getattr(dana, name)
    html = admin.get(path_of(dana)).content.decode()
    assert f'name="{name}"' not in html
    save(admin, dana, **{name: "taken@clinic.example"})
    dana.refresh_from_db()
    assert dana.last_name == "Reed-Ávila"
    assert getattr(dana, name) == before


def test_a_page_that_is_old_shows_what_is_stored_and_keeps_what_was_typed(
    admin: Client, dana: User
) -> None:
    seen = details_version(dana)
    User.objects.filter(pk=dana.pk).update(city="Huntington")
    answer = admin.post(path_of(dana), {"seen": seen, **TYPED})
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "Huntington" in html
    assert 'value="Charleston"' in html
    dana.refresh_from_db()
    assert dana.city == "Huntington"


def test_bad_input_is_said_at_the_field(admin: Client, dana: User) -> None:
    html = save(admin, dana, first_name="", fax="12").content.decode()
    assert "Enter" in html
    assert 'value="Reed-Ávila"' in html
    assert not AuditEvent.objects.filter(event_type="account.details_changed").exists()


def test_who_works_elsewhere_too_is_left_alone(
    admin: Client, head: User, dana: User, stranger_provider: Provider
) -> None:
    grant_provider_role(
        user=dana, provider=stranger_provider, role=Role.STAFF, by=dana.id, at=START
    )
    page = admin.get(f"/setup/users/{dana.id}/").content.decode()
    assert path_of(dana) not in page
    assert "Only they change their contact information" in page
    answer = admin.post(path_of(dana), {"seen": details_version(dana), **TYPED})
    assert answer.headers["Location"] == f"/setup/users/{dana.id}/"
    dana.refresh_from_db()
    assert dana.last_name == "Reed"
    wanted = {name: getattr(dana, name) for name in DETAILS} | {"last_name": "Vale"}
    with pytest.raises(WorksElsewhereError):
        change_user_details(
            user_id=dana.id,
            details=wanted,
            seen=details_version(dana),
            by=head.id,
            entered=EVERYWHERE,
            at=after(hours=1),
        )


def test_ones_own_page_is_offered_in_its_place(admin: Client, head: User) -> None:
    page = admin.get(f"/setup/users/{head.id}/").content.decode()
    assert 'href="/account/details/"' in page
    assert admin.get(path_of(head)).headers["Location"] == f"/setup/users/{head.id}/"


def test_others_do_not_reach_it(
    client: Client, chief: User, head: User, dana: User, stranger_provider: Provider
) -> None:
    sign_in_directly(client, chief)
    # A Provider Admin corrects the users of their provider, and no group admin
    assert client.get(path_of(dana)).status_code == 200
    assert client.post(path_of(head), TYPED).status_code == 404
    stranger = User.objects.get(username="other")
    assert client.post(path_of(stranger), TYPED).status_code == 404
    foreign = Client()
    sign_in_directly(foreign, stranger)
    assert foreign.post(path_of(dana), TYPED).status_code == 404
    dana.refresh_from_db()
    assert dana.last_name == "Reed"


def test_whoever_manages_a_role_of_theirs_would_change_the_person(
    admin: Client, head: User, dana: User, stranger_provider: Provider
) -> None:
    """The naive way: a user of mine is mine to correct."""
    fails_with(
        "core.groups.services.people.is_wholly_managed",
        lambda _user, *, by: True,
        lambda: test_who_works_elsewhere_too_is_left_alone(admin, head, dana, stranger_provider),
        where="with pytest.raises(WorksElsewhereError)",
    )


@pytest.mark.parametrize("name", ["email", "password"])
def test_a_form_that_saves_what_it_is_sent_would_reach_them(
    admin: Client, dana: User, name: str
) -> None:
    """The naive way: the form's own fields are those that its page shows."""
    details = DetailsForm.details

    def naive(form: DetailsForm) -> dict[str, str]:
        return details(form) | {name: form.data[name]}

    with mock.patch("core.accounts.services.details.DETAILS", (*DETAILS, name)):
        fails_with(
            "core.groups.views.details.DetailsForm.details",
            naive,
            lambda: test_address_name_and_flags_are_out_of_reach(admin, dana, name),
            where="assert getattr(dana, name) == before",
        )


def test_an_act_from_the_half_edited_form_and_back_loses_nothing(admin: Client, dana: User) -> None:
    seen = details_version(dana)
    half = {"seen": seen, **TYPED, "fax": "half"}
    answer = admin.post(path_of(dana), {**half, "instead": "reset-registration"})
    asking = answer.headers["Location"]
    assert asking.startswith(f"/setup/users/{dana.id}/reset-registration/")
    assert f'href="{path_of(dana)}"' in admin.get(asking).content.decode()
    dana.refresh_from_db()
    assert dana.last_name == "Reed"
    answer = admin.post(asking, {"next": path_of(dana)})
    assert answer.headers["Location"] == path_of(dana)
    back = admin.get(path_of(dana))
    assert [back.context["form"][name].value() for name in ("last_name", "fax")] == [
        "Reed-Ávila",
        "half",
    ]
    assert "What you had typed is back" in back.content.decode()


def test_nothing_is_kept_of_a_form_that_nobody_changed(admin: Client, dana: User) -> None:
    shown = admin.get(path_of(dana)).context["form"]
    sent = {field.name: field.value() or "" for field in shown}
    assert admin.post(path_of(dana), {**sent, "instead": "deactivate"}).status_code == 302
    assert "typed is back" not in admin.get(path_of(dana)).content.decode()
    assert admin.post(path_of(dana), {**sent, "instead": "no-act"}).status_code == 404
