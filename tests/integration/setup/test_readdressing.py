"""Change the address of an open invitation: a new link there, and the old one is dead."""

from typing import Any

import pytest
from django.test import Client

from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common import clock
from core.groups.messages import prepare_invitation
from core.groups.models import Invitation, Provider, Role
from core.groups.services.invitations import INVITATION_KIND, MAILS_PER_HOUR
from core.groups.services.readdressing import readdress_invitation
from core.groups.services.roles import ChangedMeanwhileError, end_membership
from core.notifications.models import LocalMessage, OutboxMessage
from core.notifications.services.outbox import enqueue
from tests.integration.first_login.walking import Walk
from tests.integration.setup.test_invitations import mailed_link, new_user
from tests.support.naive import fails_with
from tests.support.people import EVERYWHERE, deliver_all, make_person
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
OLD, NEW = "noor@clinic.example", "noor.haddad@clinic.example"


def move(admin: Client, invitation: Invitation, *, was: str = OLD, to: str = NEW) -> Any:
    typed = {"was": was, "email": to, "confirm_email": to}
    return admin.post(f"/setup/invitations/{invitation.id}/address/", typed)


def test_the_new_link_makes_the_account_and_the_old_one_is_dead(
    admin: Client, head: User, elm: Provider
) -> None:
    invitation = new_user(admin, elm)
    old = mailed_link(OLD)
    answer = move(admin, invitation)
    assert answer.headers["Location"] == f"/setup/invitations/{invitation.id}/"
    new = mailed_link(NEW)
    assert Client().post(old).headers["Location"] == "/wv-bh/invitations/ended/"
    hers = Client()
    hers.post(new)
    Walk(prefix="/wv-bh", client=hers).register(NEW)
    assert User.objects.get(username="noor.h").email == NEW
    event = AuditEvent.objects.get(event_type="invitation.readdressed")
    assert event.actor_id == head.id
    assert "clinic.example" not in str(event.data)


def test_the_former_address_is_told_and_learns_nothing(admin: Client, elm: Provider) -> None:
    invitation = new_user(admin, elm)
    mailed_link(OLD)
    move(admin, invitation)
    deliver_all()
    mail = LocalMessage.objects.filter(to=OLD).latest("sent_at")
    assert mail.subject.startswith("An invitation to")
    for secret in ("Noor", "Elm Clinic", NEW, "noor.h"):
        assert secret not in mail.text + mail.subject


def test_a_registration_that_the_old_link_began_ends(admin: Client, elm: Provider) -> None:
    invitation = new_user(admin, elm)
    theirs = Client()
    theirs.post(mailed_link(OLD))
    assert theirs.get("/wv-bh/mfa/method/").status_code == 200
    move(admin, invitation)
    walked = theirs.post("/wv-bh/mfa/method/", {"method": "email"}, follow=True)
    assert "noor" not in walked.content.decode().lower()
    assert theirs.get("/wv-bh/mfa/email/").status_code != 200
    assert not User.objects.filter(username="noor.h").exists()


def test_who_followed_the_old_link_with_an_account_is_out(admin: Client, elm: Provider) -> None:
    noor = make_person("noor")
    invitation = new_user(admin, elm)
    hers = Client()
    hers.post(mailed_link(OLD))
    sign_in_directly(hers, noor)
    assert "Elm Clinic" in hers.get("/wv-bh/invitations/accept/").content.decode()
    move(admin, invitation)
    Client().post(mailed_link(NEW))
    answer = hers.post("/wv-bh/invitations/accept/")
    assert answer.headers["Location"] == "/wv-bh/invitations/ended/"


def test_a_mail_that_waits_for_the_old_address_never_goes(admin: Client, elm: Provider) -> None:
    invitation = new_user(admin, elm)
    move(admin, invitation)
    late = enqueue(
        kind=INVITATION_KIND,
        to=OLD,
        subject_id=invitation.id,
        contract_id=invitation.contract_id,
        at=clock.now(),
    )
    assert prepare_invitation(OutboxMessage.objects.get(pk=late.pk), clock.now()) is None
    deliver_all()
    assert not LocalMessage.objects.filter(to=OLD, link__contains="/invitations/").exists()


@pytest.mark.parametrize(
    ("was", "to", "said"),
    [
        (OLD, OLD, "goes to this address already"),
        (OLD, "no address", "valid"),
        (OLD, "", "Enter their e-mail address"),
    ],
)
def test_what_makes_no_sense_is_said_at_the_field(
    admin: Client, elm: Provider, was: str, to: str, said: str
) -> None:
    invitation = new_user(admin, elm)
    answer = move(admin, invitation, was=was, to=to)
    assert answer.status_code == 200
    assert said in answer.content.decode()
    invitation.refresh_from_db()
    assert invitation.email == OLD


def test_an_old_page_an_address_invited_twice_and_too_many_mails(
    admin: Client, elm: Provider
) -> None:
    invitation = new_user(admin, elm)
    other = {"username": "noor.2", "email": NEW, "confirm_email": NEW}
    new_user(admin, elm, **other)
    assert "still open" in move(admin, invitation).content.decode()
    third = "third@clinic.example"
    assert move(admin, invitation, was="older@clinic.example", to=third).status_code == 302
    assert Invitation.objects.get(pk=invitation.pk).email == OLD
    for place in range(MAILS_PER_HOUR):
        move(admin, invitation, was=OLD, to=f"try{place}@clinic.example")
    page = admin.get(f"/setup/invitations/{invitation.id}/address/").content.decode()
    assert "several times within the hour" in page


def test_only_who_reaches_the_invitation_moves_it(
    admin: Client, elm: Provider, stranger_provider: Provider
) -> None:
    invitation = new_user(admin, elm)
    foreign = Client()
    sign_in_directly(foreign, User.objects.get(username="other"))
    assert move(foreign, invitation).status_code == 404
    admin.post(f"/setup/invitations/{invitation.id}/withdraw/")
    assert move(admin, invitation).status_code == 404
    invitation.refresh_from_db()
    assert invitation.email == OLD


def test_it_ends_with_the_right_of_whoever_chose_the_address(
    admin: Client, head: User, chief: User, elm: Provider
) -> None:
    invitation = new_user(admin, elm)
    theirs = Client()
    sign_in_directly(theirs, chief)
    move(theirs, invitation)
    held = chief.memberships.get()
    end_membership(
        membership_id=held.id,
        was=Role.PROVIDER_ADMIN,
        by=head.id,
        entered=EVERYWHERE,
        at=clock.now(),
    )
    noor = make_person("noor.haddad")
    hers = Client()
    hers.post(mailed_link(NEW))
    sign_in_directly(hers, noor)
    hers.post("/wv-bh/invitations/accept/")
    assert not noor.memberships.exists()


def test_who_lost_the_right_meanwhile_chooses_no_address(
    admin: Client, head: User, chief: User, elm: Provider
) -> None:
    invitation = new_user(admin, elm)
    held = chief.memberships.get()
    end_membership(
        membership_id=held.id,
        was=Role.PROVIDER_ADMIN,
        by=head.id,
        entered=EVERYWHERE,
        at=clock.now(),
    )
    with pytest.raises(ChangedMeanwhileError):
        readdress_invitation(
            invitation_id=invitation.id,
            was=OLD,
            email=NEW,
            by=chief.id,
            entered=EVERYWHERE,
            at=clock.now(),
        )
    invitation.refresh_from_db()
    assert invitation.email == OLD


def test_another_address_alone_would_leave_the_former_link_alive(
    admin: Client, elm: Provider
) -> None:
    """The naive way: write the new address, and mail it."""
    fails_with(
        "core.groups.services.readdressing._MOVED",
        ("email", "invited_by", "reaches"),
        lambda: test_a_registration_that_the_old_link_began_ends(admin, elm),
        where='assert "noor" not in',
    )
