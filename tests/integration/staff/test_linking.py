"""An invited member of staff links the company sign-in to an account that has a password."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.test import Client

from core.accounts.models import User
from core.accounts.services.locks import record_failure
from core.audit.models import AuditEvent
from core.common import clock
from core.notifications.models import LocalMessage
from core.staff.models import StaffIdentity, StaffMember, StaffRole
from core.staff.oidc.providers import key_of_issuer
from core.staff.services.members import end_role
from tenants.context import ActiveContract
from tests.integration.staff.test_company_sign_in import OLIVE, led_to, refused, sign_in
from tests.integration.staff.test_desk import FOREVER
from tests.support.idp import IdentityProvider, publish_providers, section, sign_in_at_provider
from tests.support.people import deliver_all, make_person, session_account
from tests.support.publishing import publish_change
from tests.support.sign_in import sign_in_directly
from tests.support.staff import make_staff, sign_in_by_phone

pytestmark = pytest.mark.django_db
LINKS = "/staff/sign-in/links/"


@pytest.fixture
def ready(provider: IdentityProvider) -> IdentityProvider:
    publish_providers(section(provider.issuer))
    provider.claim(OLIVE, groups=["everybody"])
    return provider


@pytest.fixture
def olive(client: Client) -> User:
    """Return an invited operator with a password, who has just signed in by phone."""
    return invited(client)


def invited(client: Client, role: StaffRole = StaffRole.OPERATOR, **more: Any) -> User:
    user = make_staff(role, **more)
    User.objects.filter(pk=user.pk).update(email=OLIVE)
    user.refresh_from_db()
    sign_in_directly(client, user, option="phone")
    return user


def ask(client: Client, provider: IdentityProvider) -> Any:
    return client.post(f"/staff/sign-in/{key_of_issuer(provider.issuer)}/link/")


def link(client: Client, provider: IdentityProvider, email: str = OLIVE) -> Any:
    """Press the button, sign in at the provider, and return the portal's answer."""
    back = urlsplit(sign_in_at_provider(led_to(ask(client, provider)), email))
    return client.get(f"{back.path}?{back.query}")


def reason() -> str:
    event = AuditEvent.objects.filter(event_type="sign_in.refused").latest("at")
    return str(event.data["reason"])


def age_proofs(client: Client) -> None:
    session = client.session
    session["account_authentication_methods"] = [
        {**method, "at": method["at"] - 301} for method in session["account_authentication_methods"]
    ]
    session.save()


def test_linked_once_it_opens_the_account_beside_the_password(
    client: Client, olive: User, ready: IdentityProvider
) -> None:
    elsewhere = Client()
    sign_in_directly(elsewhere, olive, option="phone")
    assert LINKS in client.get("/staff/").content.decode()
    assert "Not linked" in client.get(LINKS).content.decode()
    query = parse_qs(urlsplit(led_to(ask(client, ready))).query)
    assert (query["prompt"], query["max_age"]) == (["login"], ["0"])
    key = client.session.session_key
    assert link(client, ready).headers["Location"] == LINKS
    assert client.session.session_key != key
    page = client.get(LINKS).content.decode()
    assert "Linked since" in page
    assert "Not linked" not in page
    assert elsewhere.get("/home/").status_code == 302
    event = AuditEvent.objects.get(event_type="staff_identity.linked")
    assert (event.actor_id, event.subject_id) == (olive.id, olive.id)
    deliver_all()
    mail = LocalMessage.objects.filter(to=OLIVE).latest("sent_at")
    assert mail.subject.startswith("A company sign-in was linked")

    other = Client()
    sign_in(other, ready)
    assert session_account(other) == olive.id
    assert other.get("/staff/").status_code == 200
    olive.refresh_from_db()
    assert olive.has_usable_password()
    assert not olive.signs_in_elsewhere
    again = Client()
    sign_in_by_phone(again, olive)
    assert again.get("/staff/").status_code == 200


def test_what_changes_the_account_goes_on_asking_for_password_and_factor(
    client: Client, olive: User, ready: IdentityProvider
) -> None:
    link(client, ready)
    other = Client()
    sign_in(other, ready)
    for path in ("/account/password/", "/account/email/", "/staff/elevated-rights/"):
        assert other.get(path).headers["Location"].startswith("/confirm/?next=")
    assert "password" in other.get("/confirm/?next=/account/").content.decode()
    assert other.get(LINKS).status_code == 404
    assert ask(other, ready).status_code == 404


def test_it_needs_a_fresh_sign_in_here_and_there(
    client: Client, olive: User, ready: IdentityProvider
) -> None:
    browser = requests.Session()
    address = led_to(ask(client, ready))
    ready.fault(token={"auth_time": 1_700_000_000})
    back = urlsplit(sign_in_at_provider(address, OLIVE, browser=browser))
    assert client.get(f"{back.path}?{back.query}").status_code == 403
    ready.fault(token={})
    age_proofs(client)
    assert ask(client, ready).headers["Location"].startswith("/confirm/?next=%2Fstaff%2Fsign-in")
    assert not StaffIdentity.objects.exists()


def test_an_answer_that_comes_late_links_nothing(
    client: Client, olive: User, ready: IdentityProvider
) -> None:
    address = led_to(ask(client, ready))
    for _ in range(4):
        age_proofs(client)
    back = urlsplit(sign_in_at_provider(address, OLIVE))
    assert client.get(f"{back.path}?{back.query}").status_code == 403
    assert reason() == "too_late"
    assert not StaffIdentity.objects.exists()


def test_another_address_or_somebody_elses_sign_in_is_not_linked(
    client: Client, olive: User, ready: IdentityProvider
) -> None:
    ready.claim("sam@company.example", groups=["portal-operators"])
    assert link(client, ready, "sam@company.example").status_code == 403
    assert reason() == "other_address"
    sign_in(Client(), ready, "sam@company.example")
    assert link(client, ready, "sam@company.example").status_code == 403
    assert reason() == "identity_taken"
    ready.claim(OLIVE, groups=[], email_verified=False)
    assert link(client, ready).status_code == 403
    assert reason() == "email_unverified"
    assert not StaffIdentity.objects.filter(user=olive).exists()


def test_a_second_sign_in_of_the_same_company_is_not_linked(
    client: Client, olive: User, ready: IdentityProvider
) -> None:
    link(client, ready)
    StaffIdentity.objects.update(subject="another")
    assert link(client, ready).status_code == 403
    assert reason() == "linked_already"


def test_a_states_own_sign_in_opens_what_is_all_its_states(
    client: Client,
    provider: IdentityProvider,
    contract_a: ActiveContract,
    contract_b: ActiveContract,
) -> None:
    publish_providers(section(provider.issuer, contracts=[contract_a.slug], role_mappings=[]))
    publish_change(contract_a.slug, staff={"issuers": [provider.issuer]})
    provider.claim(OLIVE)
    user = invited(client, StaffRole.CONTRACT_ADMIN, contract=contract_a)
    everywhere = StaffMember.objects.create(
        user=user, role=StaffRole.AUDITOR, contract=None, granted_at=clock.now()
    )
    assert "None is set up" in client.get(LINKS).content.decode()
    assert link(client, provider).status_code == 403
    assert reason() == "out_of_reach"
    everywhere.ended_at = clock.now()
    everywhere.save()
    assert link(client, provider).headers["Location"] == LINKS
    sign_in(opened := Client(), provider)
    assert session_account(opened) == user.id
    StaffMember.objects.create(
        user=user, role=StaffRole.HELP_DESK, contract_id=contract_b.id, granted_at=clock.now()
    )
    assert refused(Client(), provider) == "out_of_reach"


def test_without_a_role_or_behind_a_lock_it_opens_nothing(
    client: Client, olive: User, ready: IdentityProvider
) -> None:
    link(client, ready)
    record_failure(user_id=olive.id, rules=FOREVER, at=clock.now())
    assert refused(Client(), ready) == "shut"
    User.objects.filter(pk=olive.pk).update(locked_at=None, lock_until=None, failed_at=[])
    sign_in(Client(), ready)
    member = StaffMember.objects.get(user=olive)
    end_role(member_id=member.id, reason="left", by=None, at=clock.now())
    assert refused(Client(), ready) == "no_role"


def test_for_others_the_pages_do_not_exist(client: Client, ready: IdentityProvider) -> None:
    assert client.get(LINKS).headers["Location"].startswith("/?next=")
    person = make_person("dana")
    sign_in_directly(client, person, option="phone")
    assert client.get(LINKS).status_code == 404
    assert ask(client, ready).status_code == 404
