"""Add New User by HTTP: from the admin's form to the new user's home page."""

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.test import Client

from core.accounts.models import User
from core.accounts.selectors import find_account_by_email
from core.accounts.services.accounts import deactivate_account
from core.audit.models import AuditEvent
from core.common import clock
from core.groups.models import Invitation, Membership, Provider, Role
from core.groups.services.accepting import accept_invitation
from core.groups.services.invitations import (
    MAILS_PER_HOUR,
    Invitee,
    find_invitation_target,
    invite_user,
    resend_invitation,
    withdraw_invitation,
)
from core.groups.services.purging import INVITATIONS_KEPT, purge_invitations
from core.groups.services.roles import ChangedMeanwhileError, end_membership, roles_held
from core.notifications.models import LocalMessage
from tenants.context import ActiveContract
from tests.integration.first_login.walking import Walk
from tests.support.naive import fails_with
from tests.support.people import EVERYWHERE, accept_present_terms, deliver_all, make_person
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
TYPED = {
    "username": "noor.h",
    "first_name": "Noor",
    "last_name": "Haddad",
    "email": "noor@clinic.example",
    "confirm_email": "noor@clinic.example",
    "fax": "304-555-0133",
    "role": "staff",
}


def new_user(admin: Client, provider: Provider, **changes: object) -> Invitation:
    answer = admin.post(f"/setup/providers/{provider.id}/new-user/", TYPED | changes)
    assert answer.status_code == 302, answer.content.decode()
    invitation = Invitation.objects.latest("invited_at")
    assert answer.headers["Location"] == f"/setup/invitations/{invitation.id}/"
    return invitation


def mailed_link(to: str = "noor@clinic.example") -> str:
    deliver_all()
    link = LocalMessage.objects.filter(to=to).order_by("-sent_at", "-id").first()
    assert link is not None
    return re.sub(r"^https?://[^/]+", "", link.link)


def register(client: Client, link: str) -> Any:
    """Follow the link and go through MFA registration by e-mail to the end."""
    assert client.get(link).status_code == 200
    client.post(link)
    return Walk(prefix="/wv-bh", client=client).register("noor@clinic.example")


def test_the_admin_sees_what_to_tell_and_the_mail_says_who_invites(
    admin: Client, elm: Provider
) -> None:
    invitation = new_user(admin, elm)
    page = admin.get(f"/setup/invitations/{invitation.id}/").content.decode()
    assert "noor.h" in page
    assert "noor@clinic.example" in page
    assert 'data-copy="words"' in page
    assert "data-print" in page
    mailed_link()
    mail = LocalMessage.objects.get(to="noor@clinic.example")
    assert mail.subject == "Head Reed invites you to Elm Clinic"
    for said in ("Head Reed", "Elm Clinic", "noor.h", "Provider Staff Account", "48 hours"):
        assert said in mail.text


def test_the_new_user_chooses_a_factor_and_works_at_both_providers(
    admin: Client, elm: Provider, oak: Provider, contract_a: ActiveContract
) -> None:
    new_user(admin, elm, also_at=[str(oak.id)], role="provider_admin")
    hers = Client()
    answer = register(hers, mailed_link())
    # Terms of use come after the factor, before home
    assert answer.headers["Location"] == "/wv-bh/login/terms/"
    noor = User.objects.get(username="noor.h")
    assert (noor.first_name, noor.fax) == ("Noor", "+13045550133")
    assert roles_held(noor.id, elm) == roles_held(noor.id, oak) == {"provider_admin"}
    event = AuditEvent.objects.get(event_type="invitation.accepted")
    assert event.actor_id == noor.id


def test_the_page_of_a_link_says_whose_it_is_while_it_works_and_uses_nothing(
    admin: Client, elm: Provider
) -> None:
    invitation = new_user(admin, elm)
    link = mailed_link()
    hers = Client()
    for _ in range(2):
        page = hers.get(link).content.decode()
        assert "<strong>noor.h</strong>, as Provider Staff Account for Elm Clinic" in page
    assert "noor@clinic.example" not in page
    invitation.refresh_from_db()
    assert invitation.link_used_at is None
    assert hers.post(link).status_code == 302
    # Used, unknown and on another program's pages: all alike, and as for no invitation.
    pages = [
        Client().get(path).content.decode()
        for path in (link, f"{link[:-5]}none/", link.replace("/wv-bh/", "/ms-um/"))
    ]
    for page in pages:
        assert "Continue your registration" in page
        assert "This invitation is for" not in page


def test_who_has_an_account_signs_in_and_accepts(
    admin: Client, elm: Provider, oak: Provider, contract_c: ActiveContract
) -> None:
    noor = make_person("noor")
    accept_present_terms(noor, contract_c)
    invitation = new_user(admin, elm)
    hers = Client()
    link = mailed_link()
    answer = hers.post(link)
    assert answer.headers["Location"] == "/wv-bh/invitations/accept/"
    assert not roles_held(noor.id, elm)
    sign_in_directly(hers, noor)
    page = hers.get("/wv-bh/invitations/accept/").content.decode()
    assert "Elm Clinic" in page
    answer = hers.post("/wv-bh/invitations/accept/")
    assert answer.headers["Location"] == "/wv-bh/home/"
    assert roles_held(noor.id, elm) == {"staff"}
    invitation.refresh_from_db()
    assert invitation.accepted_by == noor.id


def test_somebody_elses_invitation_is_not_accepted(admin: Client, elm: Provider) -> None:
    make_person("noor")
    new_user(admin, elm)
    hers = Client()
    hers.post(mailed_link())
    other = make_person("other")
    sign_in_directly(hers, other)
    answer = hers.post("/wv-bh/invitations/accept/")
    assert "another e-mail address" in answer.content.decode()
    assert not Membership.objects.filter(user=other).exists()


def test_a_link_works_once_and_a_newer_one_replaces_it(admin: Client, elm: Provider) -> None:
    invitation = new_user(admin, elm)
    first = mailed_link()
    admin.post(f"/setup/invitations/{invitation.id}/resend/")
    second = mailed_link()
    assert first != second
    assert Client().post(first).headers["Location"] == "/wv-bh/invitations/ended/"
    assert Client().post(second).headers["Location"] == "/wv-bh/mfa/method/"
    assert Client().post(second).headers["Location"] == "/wv-bh/invitations/ended/"


@pytest.mark.parametrize(("late", "works"), [(-1, True), (1, False)])
def test_the_link_ends_after_two_days(
    admin: Client, elm: Provider, late: int, *, works: bool
) -> None:
    new_user(admin, elm)
    link = mailed_link()
    ends = Invitation.objects.get().link_expires_at
    assert ends is not None
    with mock.patch.object(clock, "now", return_value=ends + timedelta(seconds=late)):
        answer = Client().post(link)
    assert answer.headers["Location"].endswith("/method/") is works


def test_resending_is_limited(admin: Client, elm: Provider) -> None:
    invitation = new_user(admin, elm)
    path = f"/setup/invitations/{invitation.id}/resend/"
    for _ in range(MAILS_PER_HOUR):
        admin.post(path)
    answer = admin.post(path, follow=True)
    assert "several times within the hour" in answer.content.decode()


def test_what_was_withdrawn_lets_nobody_in_and_frees_the_username(
    admin: Client, elm: Provider
) -> None:
    invitation = new_user(admin, elm)
    link = mailed_link()
    assert "taken" in admin.get("/setup/username/?username=Noor.H").content.decode()
    admin.post(f"/setup/invitations/{invitation.id}/withdraw/")
    assert Client().post(link).headers["Location"] == "/wv-bh/invitations/ended/"
    assert "free" in admin.get("/setup/username/?username=Noor.H").content.decode()
    answer = admin.post(f"/setup/invitations/{invitation.id}/resend/")
    assert answer.status_code == 404


def test_a_new_link_is_found_by_the_username_however_it_is_typed(
    admin: Client, elm: Provider
) -> None:
    invitation = new_user(admin, elm)
    found = find_invitation_target(" Noor.H ", None, clock.now())
    assert found is not None
    assert (found.to, found.subject) == ("noor@clinic.example", ("invitation", invitation.id))
    assert find_invitation_target("noor", None, clock.now()) is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"username": "head"}, "This username is taken."),
        ({"confirm_email": "other@clinic.example"}, "The two e-mail addresses are not the same."),
        ({"fax": ""}, "fax"),
        ({"role": "operator"}, "Select a valid choice"),
        ({"also_at": ["01900000-0000-7000-8000-000000000000"]}, "Select a valid choice"),
        ({"first_name": "x" * 10_000}, "First name"),
    ],
)
def test_bad_input_is_said_at_the_field_and_loses_nothing(
    admin: Client, elm: Provider, changes: dict[str, object], said: str
) -> None:
    answer = admin.post(f"/setup/providers/{elm.id}/new-user/", TYPED | changes)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert said in html
    assert 'value="Haddad"' in html
    assert not Invitation.objects.exists()


def test_an_address_is_invited_once(admin: Client, elm: Provider) -> None:
    new_user(admin, elm)
    again = TYPED | {"username": "noor.2"}
    answer = admin.post(f"/setup/providers/{elm.id}/new-user/", again)
    assert "has an invitation of your group" in answer.content.decode()
    assert Invitation.objects.count() == 1


def test_a_provider_admin_offers_no_more_than_they_hold(
    client: Client, chief: User, elm: Provider, oak: Provider
) -> None:
    sign_in_directly(client, chief)
    page = client.get(f"/setup/providers/{elm.id}/new-user/").content.decode()
    assert "group_admin" not in page
    assert "Oak Clinic" not in page
    answer = client.post(f"/setup/providers/{elm.id}/new-user/", TYPED | {"role": "group_admin"})
    assert answer.status_code == 200
    assert client.get(f"/setup/providers/{oak.id}/new-user/").status_code == 404
    assert not Invitation.objects.exists()


def test_other_groups_neither_see_nor_touch_it(
    admin: Client, elm: Provider, stranger_provider: Provider
) -> None:
    invitation = new_user(admin, elm)
    foreign = Client()
    sign_in_directly(foreign, User.objects.get(username="other"))
    assert foreign.get(f"/setup/invitations/{invitation.id}/").status_code == 404
    for act in ("resend", "withdraw"):
        assert foreign.post(f"/setup/invitations/{invitation.id}/{act}/").status_code == 404
    invitation.refresh_from_db()
    assert invitation.is_open
    assert "noor" not in foreign.get("/setup/users/").content.decode()


def test_the_invitations_of_an_admin_who_was_removed_give_nothing(
    admin: Client, chief: User, head: User, elm: Provider
) -> None:
    theirs = Client()
    sign_in_directly(theirs, chief)
    new_user(theirs, elm)
    link = mailed_link()
    held = Membership.objects.get(user=chief, until__isnull=True)
    end_membership(
        membership_id=held.id,
        was=Role.PROVIDER_ADMIN,
        by=head.id,
        entered=EVERYWHERE,
        at=clock.now(),
    )
    answer = register(Client(), link)
    assert answer.status_code == 410
    assert not User.objects.filter(username="noor.h").exists()


def test_the_invitations_of_an_admin_whose_account_was_closed_give_nothing(
    admin: Client, chief: User, head: User, elm: Provider
) -> None:
    theirs = Client()
    sign_in_directly(theirs, chief)
    new_user(theirs, elm)
    link = mailed_link()
    deactivate_account(user_id=chief.id, reason="stolen", by=head.id, at=clock.now())
    answer = register(Client(), link)
    assert answer.status_code == 410
    assert not User.objects.filter(username="noor.h").exists()


def test_old_invitations_are_forgotten(admin: Client, elm: Provider) -> None:
    invitation = new_user(admin, elm)
    admin.post(f"/setup/invitations/{invitation.id}/withdraw/")
    invitation.refresh_from_db()
    assert invitation.withdrawn_at is not None
    end = invitation.withdrawn_at + INVITATIONS_KEPT
    assert purge_invitations(at=end - timedelta(seconds=1)) == 0
    assert purge_invitations(at=end + timedelta(seconds=1)) == 1


@pytest.mark.parametrize("wanted", [resend_invitation, withdraw_invitation])
def test_who_has_lost_the_role_meanwhile_neither_resends_nor_withdraws(
    admin: Client, head: User, chief: User, elm: Provider, wanted: Callable[..., None]
) -> None:
    invitation = new_user(admin, elm)
    mailed_link()
    held = Membership.objects.get(user=chief, until__isnull=True)
    end_membership(
        membership_id=held.id,
        was=Role.PROVIDER_ADMIN,
        by=head.id,
        entered=EVERYWHERE,
        at=clock.now(),
    )
    events = AuditEvent.objects.count()
    with pytest.raises(ChangedMeanwhileError):
        wanted(invitation_id=invitation.id, by=chief.id, entered=EVERYWHERE, at=clock.now())
    invitation.refresh_from_db()
    assert invitation.withdrawn_at is None
    assert AuditEvent.objects.count() == events


def test_a_role_that_a_closed_account_has_kept_would_still_give(
    admin: Client, chief: User, head: User, elm: Provider
) -> None:
    """The naive way: whoever has the role may give it."""
    fails_with(
        "core.groups.services.accepting.roles_to_act_with",
        roles_held,
        lambda: test_the_invitations_of_an_admin_whose_account_was_closed_give_nothing(
            admin, chief, head, elm
        ),
        where="assert answer.status_code == 410",
    )


def an_address_with_an_account_looks_the_same_and_makes_no_second(
    admin: Client, elm: Provider
) -> None:
    noor = make_person("noor")
    pages = []
    for name in ("noor", "nora"):
        address = f"{name}@clinic.example"
        typed = {"username": f"{name}.h", "email": address, "confirm_email": address}
        invitation = new_user(admin, elm, **typed)
        deliver_all()
        page = admin.get(f"/setup/invitations/{invitation.id}/").content.decode()
        page = page.replace(str(invitation.id), "KEY").replace(name, "NAME")
        pages.append(
            re.sub(r'value="[^"]{20,}"|data-seconds="\d+"|<time.*?</time>|\d+:\d\d [AP]M', "", page)
        )
    assert pages[0] == pages[1]
    assert User.objects.filter(email=noor.email).count() == 1
    assert not roles_held(noor.id, elm)


def test_an_address_with_an_account_looks_the_same_and_makes_no_second(
    admin: Client, elm: Provider
) -> None:
    an_address_with_an_account_looks_the_same_and_makes_no_second(admin, elm)


def test_a_role_for_who_has_an_account_would_be_given_without_them(
    admin: Client, elm: Provider
) -> None:
    """The naive way: somebody known is a user at once, and nobody else is."""

    def naive(*, invitee: Invitee, providers: Sequence[Provider], **more: Any) -> Invitation:
        made = invite_user(invitee=invitee, providers=providers, **more)
        user = find_account_by_email(invitee.email)
        if user is not None:
            accept = {"link_used_at": clock.now()}
            Invitation.objects.filter(pk=made.pk).update(**accept)
            accept_invitation(invitation_id=made.pk, user=user, at=clock.now())
        return made

    fails_with(
        "core.groups.views.invitations.invite_user",
        naive,
        lambda: an_address_with_an_account_looks_the_same_and_makes_no_second(admin, elm),
        where="assert pages[0] == pages[1]",
    )
