"""A linked company sign-in is taken away again; a way in stays."""

from collections import Counter
from typing import Any

import pytest
from django.test import Client

from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common import clock
from core.mfa.models import Factor
from core.notifications.models import LocalMessage
from core.staff.models import StaffIdentity, StaffMember, StaffRole
from core.staff.oidc.providers import key_of_issuer
from core.staff.services import linking
from tests.integration.staff.test_company_sign_in import OLIVE, refused, sign_in
from tests.integration.staff.test_linking import LINKS, age_proofs, invited, link
from tests.support.idp import IdentityProvider, publish_providers, section
from tests.support.naive import fails_with
from tests.support.people import deliver_all, session_account
from tests.support.staff import sign_in_by_phone
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def ready(provider: IdentityProvider) -> IdentityProvider:
    publish_providers(section(provider.issuer))
    provider.claim(OLIVE, groups=["everybody"])
    return provider


@pytest.fixture
def olive(client: Client, ready: IdentityProvider) -> User:
    """Return an invited operator who has just linked the company sign-in."""
    user = invited(client)
    assert link(client, ready).headers["Location"] == LINKS
    return user


def path_of(provider: IdentityProvider) -> str:
    return f"/staff/sign-in/{key_of_issuer(provider.issuer)}/unlink/"


def unlink(client: Client, provider: IdentityProvider) -> Any:
    return client.post(path_of(provider), {"reason": "ticket 41"})


def test_unlinked_it_opens_nothing_and_the_password_does(
    client: Client, olive: User, ready: IdentityProvider
) -> None:
    elsewhere = Client()
    sign_in(elsewhere, ready)
    assert session_account(elsewhere) == olive.id
    assert path_of(ready) in client.get(LINKS).content.decode()
    assert "your password and second factor do" in client.get(path_of(ready)).content.decode()
    key = client.session.session_key
    assert unlink(client, ready).headers["Location"] == LINKS
    assert client.session.session_key != key
    page = client.get(LINKS).content.decode()
    assert "no longer opens your account" in page
    assert "Not linked" in page
    assert elsewhere.get("/staff/").status_code == 302
    assert refused(Client(), ready) == "address_taken"
    again = Client()
    sign_in_by_phone(again, olive)
    assert again.get("/staff/").status_code == 200


def test_why_is_recorded_and_the_owner_is_told(
    client: Client, olive: User, ready: IdentityProvider
) -> None:
    assert client.post(path_of(ready), {"reason": " "}).status_code == 200
    assert StaffIdentity.objects.filter(user=olive).exists()
    unlink(client, ready)
    event = AuditEvent.objects.get(event_type="staff_identity.unlinked")
    assert (event.actor_id, event.subject_id) == (olive.id, olive.id)
    assert event.data.pop("elevation")
    assert event.data == {"issuer": ready.issuer, "reason": "ticket 41"}
    deliver_all()
    mail = LocalMessage.objects.filter(to=OLIVE).latest("sent_at")
    assert mail.subject.startswith("A company sign-in was unlinked")


def test_it_can_be_linked_again(client: Client, olive: User, ready: IdentityProvider) -> None:
    unlink(client, ready)
    assert link(client, ready).headers["Location"] == LINKS
    sign_in(opened := Client(), ready)
    assert session_account(opened) == olive.id


def test_it_needs_a_fresh_sign_in_by_password_and_factor(
    client: Client, olive: User, ready: IdentityProvider
) -> None:
    sign_in(through_provider := Client(), ready)
    assert unlink(through_provider, ready).status_code == 404
    assert through_provider.get(path_of(ready)).status_code == 404
    age_proofs(client)
    assert client.get(path_of(ready)).headers["Location"].startswith("/confirm/?next=")
    assert unlink(client, ready).headers["Location"].startswith("/confirm/?next=")
    assert StaffIdentity.objects.filter(user=olive).exists()


def test_roles_that_its_claims_gave_end_with_it(
    client: Client, olive: User, ready: IdentityProvider
) -> None:
    claimed = StaffMember.objects.create(
        user=olive, role=StaffRole.AUDITOR, issuer=ready.issuer, granted_at=clock.now()
    )
    unlink(client, ready)
    claimed.refresh_from_db()
    assert claimed.ended_at is not None
    assert StaffMember.objects.get(ended_at__isnull=True).role == StaffRole.OPERATOR
    assert client.get("/staff/").status_code == 200


def a_way_in_stays(client: Client, olive: User, provider: IdentityProvider) -> None:
    StaffMember.objects.filter(user=olive).update(issuer=provider.issuer)
    page = unlink(client, provider)
    assert StaffIdentity.objects.filter(user=olive).exists()
    assert "Your staff roles all come from this sign-in" in page.content.decode()


def test_the_last_role_keeps_it(client: Client, olive: User, ready: IdentityProvider) -> None:
    a_way_in_stays(client, olive, ready)


def test_deleting_the_row_alone_would_leave_nobody(
    client: Client, olive: User, ready: IdentityProvider
) -> None:
    """The naive way: take away what is linked, whatever is left."""

    def naive(*, user_id: Any, issuer: str, reason: str, at: Any) -> bool:
        return bool(StaffIdentity.objects.filter(user_id=user_id, issuer=issuer).delete()[0])

    fails_with(
        "core.staff.views.links.unlink_identity",
        naive,
        lambda: a_way_in_stays(client, olive, ready),
        where="assert StaffIdentity.objects.filter(user=olive).exists()",
    )


@pytest.mark.parametrize("lost", ["password", "mark", "factor"])
def test_without_password_and_factor_it_stays(
    olive: User, ready: IdentityProvider, lost: str
) -> None:
    if lost == "password":
        User.objects.filter(pk=olive.pk).update(password="!")
    elif lost == "mark":
        User.objects.filter(pk=olive.pk).update(signs_in_elsewhere=True)
    else:
        Factor.objects.filter(user=olive).delete()
    with pytest.raises(linking.OnlyWayInError):
        linking.unlink_identity(user_id=olive.id, issuer=ready.issuer, reason="x", at=clock.now())
    assert StaffIdentity.objects.filter(user=olive).exists()


def test_an_old_page_and_other_peoples_say_so_and_change_nothing(
    client: Client, olive: User, ready: IdentityProvider
) -> None:
    unlink(client, ready)
    assert client.get(path_of(ready)).headers["Location"] == LINKS
    assert unlink(client, ready).headers["Location"] == LINKS
    assert "was not linked any more" in client.get(LINKS).content.decode()
    assert AuditEvent.objects.filter(event_type="staff_identity.unlinked").count() == 1
    assert unlink(Client(), ready).headers["Location"].startswith("/?next=")


@pytest.mark.django_db(transaction=True)
def test_pressed_twice_at_once_it_is_unlinked_once(
    client: Client, olive: User, ready: IdentityProvider
) -> None:
    def press(_place: int) -> bool:
        return linking.unlink_identity(
            user_id=olive.id, issuer=ready.issuer, reason="x", at=clock.now()
        )

    assert Counter(at_once(4, press)) == {True: 1, False: 3}
    assert AuditEvent.objects.filter(event_type="staff_identity.unlinked").count() == 1
