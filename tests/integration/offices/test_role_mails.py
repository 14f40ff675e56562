"""The people of an office are told what others make of their roles, once for each act."""

import pytest

from core.accounts.models import User
from core.common import clock
from core.groups.models import AccessGrant, Membership, Office, Role
from core.groups.services.access_grants import end_access_as_provider
from core.groups.services.assignments import (
    assign_people,
    end_assignment_as_office,
    end_assignment_as_provider,
    end_office_person,
)
from core.groups.services.offices import close_office, set_office_role
from core.groups.services.role_mails import ROLE_KIND
from core.notifications.models import LocalMessage, OutboxMessage
from tests.support.people import EVERYWHERE, deliver_all

pytestmark = pytest.mark.django_db
OFFICES_ADMIN, PROVIDERS_ADMIN = "olive@clinic.example", "head@clinic.example"


def mails_to(user: User) -> list[str]:
    """Return the mails about roles that have come since the last look."""
    deliver_all()
    kinds = OutboxMessage.objects.filter(kind=ROLE_KIND, account_id=user.id)
    sent = LocalMessage.objects.filter(message_id__in=kinds.values("id"))
    texts = [" ".join(one.text.split()) for one in sent]
    sent.delete()
    return texts


def of_office(user: User, office: Office) -> Membership:
    return Membership.objects.get(user=user, group=office.group, until__isnull=True)


def test_who_is_assigned_and_taken_out_hears_of_it_from_the_office(
    grant: AccessGrant, billie: User, olive: User
) -> None:
    assign_people(grant_id=grant.id, user_ids=[billie.id, olive.id], by=olive.id, at=clock.now())
    [given] = mails_to(billie)
    assert "You are now Provider Staff Account for Oak Clinic." in given
    assert OFFICES_ADMIN in given
    assert mails_to(olive) == []
    held = grant.memberships.get(user=billie)
    end_assignment_as_office(membership_id=held.id, by=olive.id, at=clock.now())
    [ended] = mails_to(billie)
    assert "You are no longer Provider Staff Account for Oak Clinic." in ended
    assert OFFICES_ADMIN in ended


def test_what_the_provider_ends_names_nobody_there(
    assigned: Membership, grant: AccessGrant, billie: User, olive: User, head: User
) -> None:
    mails_to(billie)
    end_assignment_as_provider(
        membership_id=assigned.id, by=head.id, entered=EVERYWHERE, at=clock.now()
    )
    [mail] = mails_to(billie)
    assert "An administrator of the provider has ended this." in mail
    assert PROVIDERS_ADMIN not in mail
    assign_people(grant_id=grant.id, user_ids=[billie.id], by=olive.id, at=clock.now())
    mails_to(billie)
    end_access_as_provider(grant_id=grant.id, by=head.id, entered=EVERYWHERE, at=clock.now())
    [mail] = mails_to(billie)
    assert "The access of your office has ended." in mail
    assert PROVIDERS_ADMIN not in mail


def test_roles_of_the_office_have_words_of_their_own(
    office: Office, billie: User, olive: User
) -> None:
    for was, role in ((Role.STAFF, Role.GROUP_ADMIN), (Role.GROUP_ADMIN, Role.STAFF)):
        held = of_office(billie, office)
        set_office_role(membership_id=held.id, was=was, role=role, by=olive.id, at=clock.now())
    down, up = sorted(mails_to(billie), key=lambda text: "administer River Billing now" in text)
    assert "You administer River Billing now." in up
    assert "You do not administer River Billing any more." in down


def test_who_leaves_the_office_gets_one_mail_for_all(
    assigned: Membership, office: Office, billie: User, olive: User
) -> None:
    mails_to(billie)
    held = of_office(billie, office)
    end_office_person(membership_id=held.id, was=Role.STAFF, by=olive.id, at=clock.now())
    [mail] = mails_to(billie)
    assert "You are no longer one of the people of River Billing." in mail
    assert "You are no longer Provider Staff Account for Oak Clinic." in mail


def test_so_does_everybody_when_the_office_closes(
    assigned: Membership, office: Office, billie: User, olive: User
) -> None:
    mails_to(billie)
    close_office(office_id=office.id, by=olive.id, at=clock.now())
    [mail] = mails_to(billie)
    assert "You are no longer one of the people of River Billing." in mail
    assert "You are no longer Provider Staff Account for Oak Clinic." in mail
    assert mails_to(olive) == []
