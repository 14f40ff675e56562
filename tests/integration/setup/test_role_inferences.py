"""What the holder of a role that a program adds could learn beside what it names."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from core.accounts.models import InactivityWarning, User
from core.audit.models import AuditEvent
from core.groups.models import Membership, Provider
from core.groups.services.invitations import (
    MAILS_PER_HOUR,
    Invitee,
    invite_user,
    resend_invitation,
)
from core.groups.services.memberships import grant_provider_role
from core.groups.services.roles import RoleNotYoursError, end_membership
from core.groups.weekly.figures import week_figures
from tenants import registry
from tests.integration.setup.configured import GREETER, READER, offering, signed_in, somebody
from tests.support.people import EVERYWHERE, after

pytestmark = pytest.mark.django_db
LATER = after(hours=1)


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer
    return str(answer.content.decode())


@pytest.fixture
def greeter(elm: Provider, head: User) -> User:
    offering(READER, GREETER)
    return somebody("greeter", "greeter", elm, by=head)


def test_who_uses_an_account_is_told_to_who_manages_accounts_or_reads_activity(
    greeter: User, chief: User, head: User, elm: Provider, dana: User
) -> None:
    seldom = after() - timedelta(days=60)
    User.objects.filter(pk=dana.pk).update(last_used_at=seldom)
    InactivityWarning.objects.create(user=dana, since=seldom, days=50, warned_at=LATER)
    warned, idle = "has been warned that the account closes", "One user has not been here"
    assert warned in page(signed_in(chief), "/home/")
    assert warned not in page(signed_in(greeter), "/home/")
    reader = somebody("reader", "reader", elm, by=head)
    told = {
        one.username: " ".join(week_figures(one, at=LATER).lines)
        for one in (chief, greeter, reader)
    }
    assert idle in told["chief"]
    assert idle in told["reader"]
    assert idle not in told["greeter"]
    assert warned not in told["reader"]


def test_that_an_account_is_locked_is_told_to_who_may_unlock_it(
    greeter: User, chief: User, dana: User
) -> None:
    User.objects.filter(pk=dana.pk).update(locked_at=LATER, lock_until=None)
    path = reverse("setup:user", args=[dana.id])
    assert "Too many wrong attempts" in page(signed_in(chief), path)
    for part in ("", "?part"):
        assert "Too many wrong attempts" not in page(signed_in(greeter), path + part)


def test_the_address_of_who_left_is_not_found_out_by_searching(
    chief: User, head: User, elm: Provider, oak: Provider, dana: User
) -> None:
    grant_provider_role(user=dana, provider=oak, role="staff", by=head.id, at=LATER)
    held = Membership.objects.get(user=dana, provider=elm)
    client = signed_in(chief)
    activity = reverse("setup:activity")
    assert "Dana" in page(client, f"{activity}?q=dana@").split("<form", 2)[-1]
    end_membership(membership_id=held.id, was="staff", by=head.id, entered=EVERYWHERE, at=LATER)
    User.objects.filter(pk=dana.pk).update(email="zq@new.example", username="xv.moss")
    for guess in ("zq@n", "xv.m"):
        assert "Dana Reed" not in page(client, f"{activity}?q={guess}")
    assert "Dana Reed" in page(client, f"{activity}?q=dana")


def test_who_may_not_act_on_a_stronger_role_is_not_told_that_it_works_elsewhere(
    chief: User, head: User, elm: Provider, oak: Provider, dana: User
) -> None:
    offering({**READER, "permissions": ["accounts.manage"]})
    grant_provider_role(user=dana, provider=oak, role="staff", by=head.id, at=LATER)
    client = signed_in(somebody("reader", "reader", elm, by=head))
    elsewhere = "also works where you manage nobody"
    assert elsewhere in page(client, reverse("setup:user", args=[dana.id]))
    assert elsewhere not in page(client, reverse("setup:user", args=[chief.id]))
    asked = client.get(reverse("setup:act", args=[chief.id, "ask-for-reset"]))
    assert asked.status_code == 302


def test_the_mails_of_an_invitation_are_not_used_up_by_who_may_not_send_them(
    greeter: User, head: User, elm: Provider
) -> None:
    invited = invite_user(
        invitee=Invitee("kim.reed", "kim@clinic.example", "Kim", "Reed"),
        providers=[elm],
        role="provider_admin",
        contract=registry.get_contract_by_id(elm.contract_id),
        host="localhost",
        by=head.id,
        entered=EVERYWHERE,
        at=LATER,
    )
    for _ in range(MAILS_PER_HOUR):
        with pytest.raises(RoleNotYoursError):
            resend_invitation(invitation_id=invited.id, by=greeter.id, entered=EVERYWHERE, at=LATER)
    resend_invitation(invitation_id=invited.id, by=head.id, entered=EVERYWHERE, at=LATER)
    assert AuditEvent.objects.filter(event_type="invitation.resent").count() == 1
