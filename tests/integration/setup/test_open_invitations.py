"""Who is invited already is told by what the admin manages, and how many may be open at once."""

import pytest
from django.test import Client

from core.accounts.models import User
from core.common import clock
from core.groups.models import Invitation, Membership, Provider, Role
from core.groups.services import batches, open_invitations
from core.groups.services.accepting import accept_invitation
from core.groups.services.batches import invite_next, start_batch
from core.groups.services.roles import roles_held
from core.notifications.models import OutboxMessage
from core.notifications.states import MessageStatus
from tenants.context import ActiveContract
from tests.integration.setup.test_batches import checked, person, problems, rows
from tests.integration.setup.test_invitations import TYPED, new_user
from tests.integration.setup.test_readdressing import move
from tests.support.people import EVERYWHERE, deliver_all, make_person, make_provider
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
SECOND = {"username": "noor.second"}


@pytest.fixture
def fir(head: User, elm: Provider, contract_a: ActiveContract) -> Provider:
    """Return another provider of the group, where the Provider Admin of Elm has nothing to say."""
    return make_provider(head, contract_a, identifier="1000000012", name="Fir Clinic")


@pytest.fixture
def theirs(chief: User) -> Client:
    client = Client()
    sign_in_directly(client, chief)
    return client


def test_an_invitation_out_of_reach_is_unknown_and_both_can_be_accepted(
    admin: Client, theirs: Client, elm: Provider, fir: Provider
) -> None:
    first = new_user(admin, fir)
    second = new_user(theirs, elm, **SECOND)
    noor = make_person("noor")
    Invitation.objects.update(link_used_at=clock.now())
    for invitation in (second, first):
        accept_invitation(invitation_id=invitation.id, user=noor, at=clock.now())
    assert roles_held(noor.id, elm) == roles_held(noor.id, fir) == {"staff"}


def test_neither_a_file_nor_another_address_tells_of_it(
    admin: Client, theirs: Client, chief: User, elm: Provider, fir: Provider
) -> None:
    new_user(admin, fir)
    batch = checked(theirs, rows(person("noor")))
    assert problems(batch) == {}
    start_batch(batch_id=batch.id, entered=EVERYWHERE, at=clock.now())
    invite_next(batch_id=batch.id, at=clock.now())
    own = Invitation.objects.get(invited_by=chief.id)
    assert own.email == "noor@clinic.example"
    new_user(admin, fir, username="ida", email="ida@new.example", confirm_email="ida@new.example")
    assert move(theirs, own, was="noor@clinic.example", to="ida@new.example").status_code == 302
    own.refresh_from_db()
    assert own.email == "ida@new.example"


def test_who_manages_it_or_sent_it_is_told(
    admin: Client, theirs: Client, chief: User, elm: Provider, fir: Provider
) -> None:
    new_user(theirs, elm)
    for client, provider in ((admin, fir), (theirs, elm)):
        answer = client.post(f"/setup/providers/{provider.id}/new-user/", TYPED | SECOND)
        assert "still open" in answer.content.decode()
    assert "still open" in problems(checked(admin, rows(person("noor"))))[2]
    assert Invitation.objects.count() == 1
    # What somebody sent stays theirs, also when they manage it no more.
    Membership.objects.filter(user=chief).update(role=Role.STAFF)
    Membership.objects.create(user=chief, provider=fir, role=Role.PROVIDER_ADMIN, since=clock.now())
    answer = theirs.post(f"/setup/providers/{fir.id}/new-user/", TYPED | SECOND)
    assert "still open" in answer.content.decode()


def test_so_many_are_open_at_most(
    admin: Client, theirs: Client, elm: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (open_invitations, batches):
        monkeypatch.setattr(module, "MOST_OPEN", 2)
    batch = checked(admin, rows(person("ada"), person("ben"), person("cleo")))
    start_batch(batch_id=batch.id, entered=EVERYWHERE, at=clock.now())
    invite_next(batch_id=batch.id, at=clock.now())
    assert [*problems(batch)] == [4]
    assert "open invitations" in problems(batch)[4]
    answer = admin.post(f"/setup/providers/{elm.id}/new-user/", TYPED)
    assert "open invitations in this group" in answer.content.decode()
    assert Invitation.objects.count() == 2
    new_user(theirs, elm)


def test_a_file_looks_again_when_the_turn_of_a_row_comes(admin: Client, elm: Provider) -> None:
    batch = checked(admin, rows(person("noor"), person("ida")))
    new_user(admin, elm)
    start_batch(batch_id=batch.id, entered=EVERYWHERE, at=clock.now())
    invite_next(batch_id=batch.id, at=clock.now())
    assert [*problems(batch)] == [2]
    assert "still open" in problems(batch)[2]
    assert Invitation.objects.count() == 2


def test_the_list_says_what_became_of_each_mail(
    admin: Client, elm: Provider, stranger_provider: Provider
) -> None:
    new_user(admin, elm)
    new_user(
        admin, elm, username="ida.l", email="ida@clinic.example", confirm_email="ida@clinic.example"
    )
    deliver_all()
    OutboxMessage.objects.filter(to="ida@clinic.example").update(status=MessageStatus.BOUNCED)
    page = admin.get("/setup/invitations/").content.decode()
    assert page.index("ida.l") < page.index("Mail came back") < page.index("noor.h")
    assert page.index("noor.h") < page.index("Mail sent")
    found = admin.get("/setup/invitations/?q=ida").content.decode()
    assert "ida.l" in found
    assert "noor.h" not in found
    other = Client()
    sign_in_directly(other, User.objects.get(username="other"))
    assert "noor.h" not in other.get("/setup/invitations/").content.decode()
