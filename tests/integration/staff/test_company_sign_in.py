"""Employees sign in through a real OpenID provider in a second process."""

import html
import re
from io import StringIO
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.core.management import call_command
from django.test import Client

from core.accounts.locking import LockRules
from core.accounts.models import ContractAccess, User
from core.accounts.services.accounts import SignsInElsewhereError
from core.accounts.services.locks import record_failure
from core.accounts.services.passwords import replace_password
from core.audit.models import AuditEvent
from core.common import clock
from core.mfa.models import PasswordReset
from core.mfa.registering.sources import SourceGoneError, get_source
from core.staff.models import StaffIdentity, StaffMember
from core.staff.oidc.providers import key_of_issuer
from tenants.context import ActiveContract
from tests.support.idp import (
    IdentityProvider,
    publish_providers,
    section,
    sign_in_at_provider,
)
from tests.support.people import make_person, session_account
from tests.support.publishing import publish_change

pytestmark = pytest.mark.django_db
OLIVE = "olive@company.example"


def led_to(response: object) -> str:
    """Return where the page that goes on by itself leads."""
    page = response.content.decode()  # type: ignore[attr-defined]
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', page)
    assert found is not None, page
    return html.unescape(found[1])


def sign_in(
    client: Client,
    provider: IdentityProvider,
    email: str = OLIVE,
    *,
    browser: requests.Session | None = None,
) -> object:
    """Go the whole way; return the portal's answer to the provider's."""
    begun = client.post(f"/staff/sign-in/{key_of_issuer(provider.issuer)}/")
    back = sign_in_at_provider(led_to(begun), email, browser=browser)
    parts = urlsplit(back)
    return client.get(f"{parts.path}?{parts.query}")


def refused(client: Client, provider: IdentityProvider, email: str = OLIVE) -> str:
    """Go the whole way and be refused; return the recorded reason."""
    response = sign_in(client, provider, email)
    assert response.status_code == 403  # type: ignore[attr-defined]
    assert "You are not signed in" in response.content.decode()  # type: ignore[attr-defined]
    assert session_account(client) is None
    event = AuditEvent.objects.filter(event_type="sign_in.refused").latest("at")
    return str(event.data["reason"])


@pytest.fixture
def ready(provider: IdentityProvider) -> IdentityProvider:
    publish_providers(section(provider.issuer))
    provider.claim(OLIVE, groups=["everybody", "portal-operators"])
    return provider


def test_the_whole_exchange_makes_an_operator(client: Client, ready: IdentityProvider) -> None:
    page = client.post("/login/employees/", {"remember_column": "on"})
    address = led_to(page)
    asked = parse_qs(urlsplit(address).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [
        f"http://localhost/staff/sign-in/{key_of_issuer(ready.issuer)}/callback/"
    ]
    assert {"state", "nonce", "code_challenge"} <= set(asked)
    parts = urlsplit(sign_in_at_provider(address, OLIVE))
    done = client.get(f"{parts.path}?{parts.query}")
    assert done.headers["Location"] == "/staff/"
    assert done.cookies["employee"].value == "Olive"
    assert "Operator, whole deployment" in client.get("/staff/").content.decode()

    user = User.objects.get(email=OLIVE)
    assert session_account(client) == user.id
    assert (user.first_name, user.last_name, user.username) == ("Olive", "Marsh", "olive")
    assert user.is_staff_member
    assert user.signs_in_elsewhere
    assert not user.has_usable_password()
    identity = StaffIdentity.objects.get()
    assert (identity.user, identity.issuer) == (user, ready.issuer)
    event = AuditEvent.objects.get(event_type="sign_in.completed")
    assert event.data == {"methods": ["oidc"]}
    client.post("/logout/")
    assert "Welcome back, Olive" not in client.get("/").content.decode()

    again = Client()
    sign_in(again, ready)
    assert session_account(again) == user.id
    assert StaffIdentity.objects.count() == 1
    assert StaffMember.objects.count() == 1


def test_a_claim_that_is_no_longer_given_ends_the_role(
    client: Client, ready: IdentityProvider, contract_a: ActiveContract
) -> None:
    ready.claim(OLIVE, groups=["portal-operators", "portal-wv"])
    sign_in(client, ready)
    user = User.objects.get(email=OLIVE)
    assert ContractAccess.objects.filter(user=user, until__isnull=True).count() == 1
    ready.claim(OLIVE, groups="portal-help")
    sign_in(client, ready)
    held = StaffMember.objects.filter(user=user, ended_at__isnull=True)
    assert [member.role for member in held] == ["help_desk"]
    assert not ContractAccess.objects.filter(user=user, until__isnull=True).exists()
    assert AuditEvent.objects.filter(event_type="staff_role.ended").count() == 2

    ready.claim(OLIVE, groups=[])
    client.post("/logout/")
    assert refused(client, ready) == "no_role"
    user.refresh_from_db()
    assert not user.is_staff_member


def test_a_role_ends_at_once_when_its_provider_is_taken_out(
    client: Client, ready: IdentityProvider
) -> None:
    sign_in(client, ready)
    assert client.get("/staff/").status_code == 200
    publish_providers()
    assert client.get("/staff/").status_code == 404


def test_an_address_of_an_account_is_not_taken_over(
    client: Client, ready: IdentityProvider
) -> None:
    owner = make_person("olive")
    User.objects.filter(pk=owner.pk).update(email="Olive@Company.example")
    assert refused(client, ready) == "address_taken"
    assert not StaffIdentity.objects.exists()


def test_only_listed_domains_and_verified_addresses(
    client: Client, ready: IdentityProvider
) -> None:
    ready.claim("eve@elsewhere.example", groups=["portal-operators"])
    assert refused(client, ready, "eve@elsewhere.example") == "domain"
    ready.claim(OLIVE, groups=["portal-operators"], email_verified=False)
    assert refused(client, ready) == "email_unverified"
    ready.claim("sam@company.example", groups=["others"])
    assert refused(client, ready, "sam@company.example") == "no_role"
    assert not User.objects.filter(email__endswith=".example", is_staff_member=True).exists()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"token": {"aud": "another-client"}}, "InvalidAudienceError"),
        ({"token": {"aud": ["provider-portal", "another-client"]}}, "azp"),
        ({"token": {"iss": "http://localhost:1"}}, "InvalidIssuerError"),
        ({"token": {"exp": -31}}, "expired"),
        ({"token": {"iat": 60}}, "not_yet"),
        ({"token": {"nonce": None}}, "nonce"),
        ({"token": {"nonce": "another"}}, "nonce"),
        ({"token": {"sub": None}}, "MissingRequiredClaimError"),
        ({"discovery": {"issuer": "http://localhost:1"}}, "discovery"),
        ({"userinfo": {"sub": "somebody-else"}}, "userinfo_subject"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_tokens_that_are_not_believed(
    client: Client, ready: IdentityProvider, fault: dict[str, dict[str, object]], reason: str
) -> None:
    if "discovery" in fault:
        begun = client.post(f"/staff/sign-in/{key_of_issuer(ready.issuer)}/")
        address = led_to(begun)
        back = urlsplit(sign_in_at_provider(address, OLIVE))
        ready.fault(**fault)
        response = client.get(f"{back.path}?{back.query}")
        assert response.status_code == 503
        response = client.post(f"/staff/sign-in/{key_of_issuer(ready.issuer)}/")
        assert response.status_code == 503
    else:
        ready.fault(**fault)
        assert refused(client, ready) == reason
    assert not User.objects.filter(email=OLIVE).exists()


def test_keys_of_another_provider_sign_nothing_here(
    client: Client, ready: IdentityProvider
) -> None:
    begun = client.post(f"/staff/sign-in/{key_of_issuer(ready.issuer)}/")
    back = urlsplit(sign_in_at_provider(led_to(begun), OLIVE))
    ready.fault(discovery={"jwks_uri": f"{ready.issuer}/.well-known/openid-configuration"})
    assert client.get(f"{back.path}?{back.query}").status_code == 403


def test_an_answer_counts_once_and_in_the_browser_that_asked(
    client: Client, ready: IdentityProvider
) -> None:
    begun = client.post(f"/staff/sign-in/{key_of_issuer(ready.issuer)}/")
    back = urlsplit(sign_in_at_provider(led_to(begun), OLIVE))
    answer = f"{back.path}?{back.query}"
    assert Client().get(answer).status_code == 403
    assert client.get(f"{answer}&iss=http://localhost:1").status_code == 403
    assert client.get(answer).status_code == 302
    client.post("/logout/")
    assert client.get(answer).status_code == 403
    assert client.get(f"{back.path}?state=made-up&code=made-up").status_code == 403
    assert client.get(f"{back.path}?error=access_denied").status_code == 403


def test_a_missing_secret_and_a_provider_that_is_away(
    client: Client, ready: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_providers(section("http://localhost:1"))
    begun = client.post(f"/staff/sign-in/{key_of_issuer('http://localhost:1')}/")
    assert begun.status_code == 503
    assert "does not answer" in begun.content.decode()
    monkeypatch.delenv("TEST_STAFF_LOGIN_SECRET")
    begun = client.post(f"/staff/sign-in/{key_of_issuer('http://localhost:1')}/")
    assert "not set up completely" in begun.content.decode()
    assert client.post("/staff/sign-in/0123456789abcdef/").status_code == 404


def test_a_states_own_provider_gives_roles_in_its_contract_alone(
    client: Client,
    provider: IdentityProvider,
    contract_a: ActiveContract,
    contract_b: ActiveContract,
) -> None:
    publish_providers(
        section(
            provider.issuer,
            name="State sign-in",
            contracts=[contract_a.slug, contract_b.slug],
            role_mappings=[
                {"claim": "groups", "value": "all", "role": "help_desk"},
                {
                    "claim": "groups",
                    "value": "all",
                    "role": "contract_admin",
                    "contracts": [contract_a.slug, contract_b.slug],
                },
            ],
        )
    )
    publish_change(contract_a.slug, staff={"issuers": [provider.issuer]})
    provider.claim(OLIVE, groups=["all"])
    assert "State sign-in" in client.get("/login/employees/").content.decode()
    assert "State sign-in" in client.get(f"/{contract_a.slug}/login/employees/").content.decode()
    assert "not set up" in client.get(f"/{contract_b.slug}/login/employees/").content.decode()
    sign_in(client, provider)
    held = StaffMember.objects.filter(ended_at__isnull=True)
    assert {(member.role, member.contract_id) for member in held} == {
        ("help_desk", contract_a.id),
        ("contract_admin", contract_a.id),
    }
    publish_change(contract_a.slug, staff={"issuers": []})
    assert client.get("/staff/").status_code == 404


def test_several_providers_are_a_choice(client: Client, ready: IdentityProvider) -> None:
    publish_providers(section(ready.issuer), section("http://localhost:1", name="Other sign-in"))
    assert client.post("/login/employees/").headers["Location"] == "/login/employees/"
    page = client.get("/login/employees/").content.decode()
    assert "Company sign-in" in page
    assert "Other sign-in" in page
    host = {"host": "ms-um.localhost"}
    moved = client.get("/login/employees/", headers=host)
    assert moved.headers["Location"] == "http://localhost/login/employees/"


def test_dangerous_acts_ask_the_provider_anew(
    client: Client, ready: IdentityProvider, contract_a: ActiveContract
) -> None:
    browser = requests.Session()
    ready.claim(OLIVE, groups=["portal-help"])
    sign_in(client, ready, browser=browser)
    make_person("dana")
    typed = {"by": "username", "value": "dana", "contract": "", "reason": "ticket"}
    client.post("/staff/accounts/", typed)
    dana = User.objects.get(username="dana")
    path = f"/staff/accounts/{dana.id}/reset_registration/"
    asked = client.post(path, {"reason": "ticket"}).headers["Location"]
    assert asked == f"/staff/sign-in/confirm/?next={path.replace('/', '%2F')}&lost=1"
    assert "Nothing was saved yet" in client.get(asked).content.decode()
    assert client.get("/confirm/").headers["Location"].startswith("/staff/sign-in/confirm/")
    address = led_to(client.post(asked))
    query = parse_qs(urlsplit(address).query)
    assert (query["prompt"], query["max_age"]) == (["login"], ["0"])

    # A provider that did not ask anew: the sign-in it tells of is older.
    ready.fault(token={"auth_time": 1_700_000_000})
    back = urlsplit(sign_in_at_provider(address, OLIVE, browser=browser))
    assert client.get(f"{back.path}?{back.query}").status_code == 403
    assert client.get(path).status_code == 302

    ready.fault(token={})
    address = led_to(client.post(asked))
    back = urlsplit(sign_in_at_provider(address, OLIVE, browser=browser))
    assert client.get(f"{back.path}?{back.query}").headers["Location"] == path
    assert client.get(path).status_code == 200
    event = AuditEvent.objects.get(event_type="session.confirmed")
    assert event.data == {"methods": ["oidc"]}


def test_somebody_else_at_the_provider_confirms_nothing(
    client: Client, ready: IdentityProvider
) -> None:
    sign_in(client, ready)
    ready.claim("sam@company.example", groups=["portal-operators"])
    address = led_to(client.post("/staff/sign-in/confirm/"))
    back = urlsplit(sign_in_at_provider(address, "sam@company.example"))
    assert client.get(f"{back.path}?{back.query}").status_code == 403
    event = AuditEvent.objects.filter(event_type="sign_in.refused").latest("at")
    assert event.data["reason"] == "another_person"


def test_no_mail_leads_to_a_password_past_the_provider(
    client: Client, ready: IdentityProvider
) -> None:
    sign_in(client, ready)
    user = User.objects.get(email=OLIVE)
    Client().post("/forgot-password/", {"email": OLIVE})
    assert PasswordReset.objects.get(email=OLIVE).account is None
    with pytest.raises(SourceGoneError):
        get_source("account").describe(user.id)
    with pytest.raises(SignsInElsewhereError):
        replace_password(
            user_id=user.id,
            password_hash="x",
            reason="test",
            contract_id=None,
            by=None,
            at=clock.now(),
        )


def test_wrong_passwords_of_strangers_lock_nobody_out(
    client: Client, ready: IdentityProvider
) -> None:
    sign_in(client, ready)
    stranger = Client()
    for _try in range(6):
        stranger.post("/login/email/", {"email": OLIVE, "password": "guess"})
    user = User.objects.get(email=OLIVE)
    assert not user.is_locked(clock.now())
    rules = LockRules(failures=1, window_minutes=None, hold_minutes=None)
    record_failure(user_id=user.id, rules=rules, at=clock.now())
    again = Client()
    sign_in(again, ready)
    assert session_account(again) == user.id


def test_the_command_names_what_is_to_be_registered(ready: IdentityProvider) -> None:
    out = StringIO()
    call_command("staff", "providers", stdout=out)
    key = key_of_issuer(ready.issuer)
    assert f"http://localhost/staff/sign-in/{key}/callback/" in out.getvalue()
    assert "is set" in out.getvalue()
    publish_providers(section(ready.issuer, secret_variable="NOT_SET_ANYWHERE"))
    call_command("staff", "providers", stdout=out)
    assert "is missing" in out.getvalue()
