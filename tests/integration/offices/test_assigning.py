"""The office's admin assigns people; whatever ends the access ends their rights at once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from contracts.console.services.publishing import publish
from core.accounts.models import ContractAccess, User
from core.audit.models import AuditEvent
from core.common import clock
from core.groups.access import list_providers
from core.groups.models import AccessGrant, GrantEnd, Invitation, Membership, Office, Provider, Role
from core.groups.permissions import Permission
from core.groups.services.access_grants import end_access_as_office, end_access_as_provider
from core.groups.services.assignments import (
    assign_people,
    end_assignment_as_office,
    end_assignment_as_provider,
    end_office_person,
)
from core.groups.services.giving_up import give_up_provider, loss_of
from core.groups.services.grant_ends import end_due_grants
from core.groups.services.invitations import Invitee, resend_invitation, withdraw_invitation
from core.groups.services.join_requests import (
    AlreadyThereError,
    approve_join,
    ask_to_join,
    end_overdue,
)
from core.groups.services.memberships import grant_provider_role
from core.groups.services.office_invitations import invite_to_office
from core.groups.services.offices import close_office
from core.groups.services.roles import ChangedMeanwhileError
from core.notifications.models import OutboxMessage
from tenants import registry
from tests.integration.first_login.walking import Walk, link_to
from tests.integration.offices.conftest import signed_in
from tests.integration.offices.test_access import lapse
from tests.support.people import EVERYWHERE, START, make_person
from tests.unit.configuration.documents import changed

pytestmark = pytest.mark.django_db


def may(user: User) -> set[str]:
    """Return the providers that somebody may see."""
    return {one.name for one in list_providers(user, Permission.PROVIDER_VIEW)}


def test_the_office_invites_somebody_who_then_works_for_the_provider(
    hers: Client, office: Office, grant: AccessGrant, billie: User
) -> None:
    typed = {
        "username": "noor.h",
        "first_name": "Noor",
        "last_name": "Haddad",
        "email": "noor@billing.example",
        "confirm_email": "noor@billing.example",
        "role": "staff",
    }
    page = hers.get(f"/offices/{office.id}/new-user/").content.decode()
    assert "Add New User" in page
    answer = hers.post(f"/offices/{office.id}/new-user/", typed)
    invitation = Invitation.objects.get()
    assert answer.headers["Location"] == f"/offices/invitations/{invitation.id}/"
    assert "noor.h" in hers.get(answer.headers["Location"]).content.decode()
    noors = Client()
    link = link_to("noor@billing.example")
    assert noors.get(link).status_code == 200
    noors.post(link)
    assert Walk(client=noors).register("noor@billing.example", method="phone").status_code == 302
    noor = User.objects.get(username="noor.h")
    assert Membership.objects.get(user=noor).group == office.group
    assert may(noor) == set()
    assert "Noor Haddad" in hers.get(f"/offices/access/{grant.id}/").content.decode()
    assert noors.get(f"/offices/{office.id}/").status_code == 404

    chosen = {"people": [str(noor.id)]}
    assert hers.post(f"/offices/access/{grant.id}/", chosen).status_code == 302
    assert may(noor) == {"Oak Clinic"}
    held = Membership.objects.get(user=noor, grant=grant)
    assert (held.role, held.provider) == (Role.STAFF, grant.provider)
    assert ContractAccess.objects.filter(user=noor, until__isnull=True).count() == 1
    # Pressed twice: nothing is given twice
    hers.post(f"/offices/access/{grant.id}/", chosen)
    assert Membership.objects.filter(user=noor, grant=grant).count() == 1
    # The program's own terms come first, as for everybody who works in it
    assert "/login/terms/" in noors.get("/ms-um/home/").headers.get("Location", "") or (
        noors.get("/ms-um/home/").status_code == 200
    )


def test_somebody_assigned_sees_the_provider_with_the_role(
    assigned: Membership, billie: User
) -> None:
    theirs = signed_in(billie)
    home = theirs.get("/home/").content.decode()
    assert "Oak Clinic" in home
    assert "Provider Staff Account" in home


def test_the_office_reads_whom_somebody_works_for_until_the_access_lapses(
    hers: Client, office: Office, grant: AccessGrant, assigned: Membership
) -> None:
    page = f"/offices/{office.id}/"
    assert "Works for Oak Clinic" in hers.get(page).content.decode()
    lapse(grant)
    assert "Works for Oak Clinic" not in hers.get(page).content.decode()


def ends() -> dict[str, Callable[[AccessGrant, Membership], object]]:
    """Return what ends a person's rights, by name."""

    def head() -> User:
        return User.objects.get(username="head")

    def olive() -> User:
        return User.objects.get(username="olive")

    def give_up(grant: AccessGrant, _: Membership) -> None:
        give_up_provider(
            provider_id=grant.provider_id,
            seen=loss_of(grant.provider).version,
            by=head().id,
            at=clock.now(),
        )

    def switch_off(grant: AccessGrant, _: Membership) -> None:
        contract = registry.get_contract_by_id(grant.provider.contract_id)
        document = changed(contract.document, groups__third_parties=False)
        publish(document=document, base=contract.revision, by=None, at=clock.now())

    def leave(_: AccessGrant, held: Membership) -> None:
        role = Membership.objects.get(user=held.user, group__isnull=False)
        end_office_person(membership_id=role.id, was=Role.STAFF, by=olive().id, at=clock.now())

    provider = {"entered": EVERYWHERE}
    return {
        "date": lambda grant, _: lapse(grant),
        "provider": lambda grant, _: end_access_as_provider(
            grant_id=grant.id, by=head().id, at=clock.now(), **provider
        ),
        "office": lambda grant, _: end_access_as_office(
            grant_id=grant.id, by=olive().id, at=clock.now()
        ),
        "given up": give_up,
        "switch": switch_off,
        "closed": lambda grant, _: close_office(
            office_id=grant.office_id, by=olive().id, at=clock.now()
        ),
        "one person, by the provider": lambda _, held: end_assignment_as_provider(
            membership_id=held.id, by=head().id, at=clock.now(), **provider
        ),
        "one person, by the office": lambda _, held: end_assignment_as_office(
            membership_id=held.id, by=olive().id, at=clock.now()
        ),
        "left the office": leave,
    }


@pytest.mark.parametrize("how", ends())
def test_the_next_request_finds_nothing(
    how: str, grant: AccessGrant, assigned: Membership, billie: User, elm: Provider
) -> None:
    theirs = signed_in(billie)
    page = f"/ms-um/providers/{grant.provider_id}/"
    assert theirs.get(page).status_code == 200
    ends()[how](grant, assigned)
    assert theirs.get(page).status_code == 404
    assert "Oak Clinic" not in theirs.get("/home/").content.decode()
    assert may(billie) == set()
    end_due_grants(at=clock.now())
    assigned.refresh_from_db()
    assert assigned.until is not None
    assert not ContractAccess.objects.filter(user=billie, until__isnull=True).exists()


def test_giving_up_spells_out_the_access_that_ends(
    admin: Client, assigned: Membership, grant: AccessGrant
) -> None:
    page = admin.get(f"/setup/providers/{grant.provider_id}/give-up/").content.decode()
    assert "River Billing" in page


def test_the_switch_ends_for_good(grant: AccessGrant, assigned: Membership, elm: Provider) -> None:
    ends()["switch"](grant, assigned)
    grant.refresh_from_db()
    assert grant.end == GrantEnd.SWITCHED_OFF


def test_an_interrupted_publication_is_mended_by_the_hourly_task(
    grant: AccessGrant, assigned: Membership
) -> None:
    from tests.support.publishing import publish_change

    publish_change("ms-um", groups__third_parties=False)
    assert end_due_grants(at=clock.now()) == 1
    assert end_due_grants(at=clock.now()) == 0
    grant.refresh_from_db()
    assert grant.end == GrantEnd.SWITCHED_OFF


def test_only_people_of_the_office_are_assigned(
    hers: Client, grant: AccessGrant, olive: User, head: User
) -> None:
    stranger = make_person("stranger")
    for user in (stranger, head):
        hers.post(f"/offices/access/{grant.id}/", {"people": [str(user.id)]})
        with pytest.raises(ChangedMeanwhileError):
            assign_people(grant_id=grant.id, user_ids=[user.id], by=olive.id, at=clock.now())
    assert not Membership.objects.filter(grant=grant).exists()


def test_who_works_there_for_the_provider_too_keeps_that(
    grant: AccessGrant, assigned: Membership, billie: User, head: User, elm: Provider
) -> None:
    own = grant_provider_role(
        user=billie, provider=grant.provider, role=Role.PROVIDER_ADMIN, by=head.id, at=START
    )
    assert own is not None
    ends()["provider"](grant, assigned)
    assert may(billie) == {"Oak Clinic"}
    assert ContractAccess.objects.filter(user=billie, until__isnull=True).count() == 1


def test_what_ended_is_recorded_with_its_reason(
    grant: AccessGrant, assigned: Membership, elm: Provider
) -> None:
    ends()["provider"](grant, assigned)
    event: Any = AuditEvent.objects.get(event_type="membership.ended")
    assert event.data["because"] == "provider"
    assert event.data["access_grant"] == str(grant.id)


def test_who_asks_to_join_the_provider_itself_is_answered_by_its_admin_alone(
    grant: AccessGrant, billie: User, olive: User, head: User, oak: Provider
) -> None:
    asked: dict[str, Any] = {
        "user": billie,
        "provider_id": oak.id,
        "number": oak.identifier,
        "note": "",
    }
    made = ask_to_join(**asked, at=clock.now())
    assign_people(grant_id=grant.id, user_ids=[billie.id], by=olive.id, at=clock.now())
    assert end_overdue(at=clock.now()) == 0
    assert ask_to_join(**asked, at=clock.now()) == made
    approve_join(
        request_id=made.id, role=Role.STAFF, by=head.id, entered=EVERYWHERE, at=clock.now()
    )
    end_access_as_office(grant_id=grant.id, by=olive.id, at=clock.now())
    assert may(billie) == {"Oak Clinic"}
    with pytest.raises(AlreadyThereError):
        ask_to_join(**asked, at=clock.now())


def test_an_invitation_is_sent_again_and_withdrawn_by_who_administers_the_office_then(
    office: Office, olive: User, billie: User
) -> None:
    noor = Invitee("noor.h", "noor@billing.example", "Noor", "Haddad")
    sent = invite_to_office(
        office_id=office.id, invitee=noor, role=Role.STAFF, host="", by=olive.id, at=clock.now()
    )
    for act in (resend_invitation, withdraw_invitation):
        # The page was loaded while she still was an admin
        with pytest.raises(ChangedMeanwhileError):
            act(invitation_id=sent.id, by=billie.id, entered=(), at=clock.now())
    assert OutboxMessage.objects.filter(subject_id=sent.id).count() == 1
    withdraw_invitation(invitation_id=sent.id, by=olive.id, entered=(), at=clock.now())
