"""Roles from an identity provider sleep, in tokens and beside a password, until it vouches anew."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from core.accounts.models import User
from core.accounts.signing_in.allauth_wrapper import VOUCHED
from core.common import clock
from core.staff import access
from core.staff.models import StaffIdentity, StaffRole
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor, find_staff
from core.staff.services.api_tokens import (
    MadeToken,
    TokenSleepsError,
    TokenWish,
    find_bearer,
    make_token,
)
from core.staff.services.members import grant_role
from core.staff.vouching import Vouching
from tenants.context import ActiveContract
from tests.support.api import assert_problem, caller_for
from tests.support.idp import publish_providers, section
from tests.support.naive import fails_with
from tests.support.people import START, make_person
from tests.support.sign_in import sign_in_directly
from tests.support.staff import make_staff

pytestmark = pytest.mark.django_db
ISSUER = "https://id.company.example"
VIEW = StaffPermission.CONTRACTS_VIEW


def employee(*, signed_in_at: datetime, trust_hours: int = 24) -> User:
    """Return an operator by the claims of a provider that vouched for them at a moment."""
    publish_providers(section(ISSUER, trust_hours=trust_hours))
    user = make_person("emma")
    by_claims(user, StaffRole.OPERATOR, signed_in_at=signed_in_at)
    return user


def by_claims(user: User, role: StaffRole, *, signed_in_at: datetime) -> None:
    grant_role(user_id=user.id, role=role, contract_id=None, issuer=ISSUER, by=None, at=START)
    StaffIdentity.objects.create(
        user=user, issuer=ISSUER, subject="e1", linked_at=START, last_used_at=signed_in_at
    )
    user.refresh_from_db()


def token_of(user: User) -> MadeToken:
    staff = find_staff(user, at=clock.now())
    assert staff is not None
    wish = TokenWish("Nightly", (VIEW,), None, 90)
    return make_token(holder=staff, wish=wish, by=staff, at=clock.now())


def bearer(made: MadeToken, at: datetime) -> StaffActor | None:
    return find_bearer(made.text, address="192.0.2.7", at=at)


def test_a_token_sleeps_when_the_provider_has_not_vouched_for_its_holder_lately() -> None:
    at = clock.now()
    made = token_of(employee(signed_in_at=at))
    assert bearer(made, at + timedelta(hours=24, microseconds=-1))
    with pytest.raises(TokenSleepsError):
        bearer(made, at + timedelta(hours=24))
    StaffIdentity.objects.update(last_used_at=at + timedelta(hours=30))  # signed in again
    assert bearer(made, at + timedelta(hours=53))


def test_the_deployment_says_for_how_long() -> None:
    at = clock.now()
    made = token_of(employee(signed_in_at=at, trust_hours=168))
    assert bearer(made, at + timedelta(days=6))
    with pytest.raises(TokenSleepsError):
        bearer(made, at + timedelta(days=7))


def test_a_role_by_invitation_goes_on_beside_one_that_sleeps(contract_a: ActiveContract) -> None:
    publish_providers(section(ISSUER))
    user = make_staff(StaffRole.CONTRACT_ADMIN, contract_a)
    at = clock.now()
    by_claims(user, StaffRole.OPERATOR, signed_in_at=at)
    made = token_of(user)
    awake, asleep = bearer(made, at), bearer(made, at + timedelta(days=2))
    assert awake is not None
    assert awake.scope(VIEW).everywhere
    assert asleep is not None
    assert not asleep.scope(VIEW).everywhere
    assert asleep.scope(VIEW).contracts == {contract_a.id}


def test_the_api_says_sign_in_again() -> None:
    user = employee(signed_in_at=clock.now())
    emma = caller_for(user, rights=(VIEW,))
    facts = emma.get("/token/").json()
    assert facts["sleeps_at"] is not None
    StaffIdentity.objects.update(last_used_at=START)
    answer = emma.get("/contracts/")
    assert "signs in" in assert_problem(answer, 401, "sign_in_needed")["detail"]
    assert "invalid_token" in answer.headers["WWW-Authenticate"]


def test_a_token_that_needs_no_provider_is_seen() -> None:
    fails_with(
        "core.staff.services.api_tokens.vouching_for",
        lambda staff, at: Vouching(staff, None, asleep=()),
        test_a_token_sleeps_when_the_provider_has_not_vouched_for_its_holder_lately,
        where="with pytest.raises(TokenSleepsError)",
    )


def test_the_page_says_until_when_and_that_they_sleep(client: Client) -> None:
    user = employee(signed_in_at=clock.now())
    sign_in_directly(client, user, option="phone")
    page = client.get("/staff/tokens/").content.decode()
    assert "then sleep until you sign in" in page
    assert "Your tokens sleep" not in page
    form = {"name": "Nightly", "rights": ["contracts.view"], "days": "30"}
    assert "the token sleeps until" in client.post("/staff/tokens/new/", form).content.decode()


def test_beside_a_password_a_role_by_claims_sleeps_as_in_tokens(
    client: Client, contract_a: ActiveContract
) -> None:
    """Who is removed at the provider is not operator for ever by the password that they have."""
    publish_providers(section(ISSUER))
    user = make_staff(StaffRole.CONTRACT_ADMIN, contract_a)
    by_claims(user, StaffRole.OPERATOR, signed_in_at=clock.now())
    sign_in_directly(client, user, option="phone")
    assert client.get("/staff/contracts/acentra-sample/").status_code == 200
    StaffIdentity.objects.update(last_used_at=clock.now() - timedelta(hours=25))
    elsewhere = client.get("/staff/contracts/acentra-sample/")
    assert elsewhere.status_code == 404, "the role still counts"
    assert client.get("/staff/contracts/wv-bh/").status_code == 200
    home = client.get("/staff/").content.decode()
    assert "Operator, whole deployment: sleeps until you sign in" in home
    assert "Contract admin, West Virginia Behavioral Health<" in home
    assert "Your tokens sleep" in client.get("/staff/tokens/").content.decode()


def test_without_another_role_the_page_says_where_to_sign_in(client: Client) -> None:
    user = employee(signed_in_at=clock.now() - timedelta(hours=25))
    sign_in_directly(client, user, option="phone")
    answer = client.get("/staff/")
    assert answer.status_code == 403
    assert "It comes from Company sign-in" in answer.content.decode()


def test_a_session_through_the_provider_ends_by_itself(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was vouched for at its beginning, and lasts no longer than sessions do."""
    user = employee(signed_in_at=clock.now() - timedelta(hours=25))
    sign_in_directly(client, user, option="phone")
    monkeypatch.setattr(access, "methods_used", lambda _request, _user: (VOUCHED,))
    assert client.get("/staff/contracts/acentra-sample/").status_code == 200


def test_a_password_that_keeps_what_the_provider_gave_is_seen(
    client: Client, contract_a: ActiveContract
) -> None:
    fails_with(
        "core.staff.access.vouching_for",
        lambda staff, at: Vouching(staff, None, asleep=()),
        lambda: test_beside_a_password_a_role_by_claims_sleeps_as_in_tokens(client, contract_a),
        where="the role still counts",
    )


def test_a_program_of_somebodys_does_not_keep_their_account_open() -> None:
    """Disuse is the person's: what calls in their name is no sign of them."""
    user = make_staff(StaffRole.OPERATOR)
    made, at = token_of(user), clock.now()
    User.objects.filter(pk=user.pk).update(last_used_at=at)
    for day in range(1, 60, 7):
        assert bearer(made, at + timedelta(days=day))
    user.refresh_from_db()
    assert user.last_used_at == at
