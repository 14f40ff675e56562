"""What was begun under the old password or without a factor, and finished after a change."""

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client

from core.accounts.models import User
from core.accounts.services.accounts import set_credentials
from core.common import clock
from core.mfa.models import Factor, FactorKind, MfaRegistration
from core.mfa.registering.sources import SourceGoneError
from core.mfa.services.completing import complete_mfa_registration
from core.mfa.services.registrations import begin_mfa_registration
from tests.support.people import PASSWORD, PHONE, START, last_code, make_person, session_account

pytestmark = pytest.mark.django_db


def begin(client: Client, user: User, *, option: str = "phone") -> None:
    client.post(f"/login/{option}/", {"email": user.email, "password": PASSWORD})
    client.post("/login/verify/", {"action": "send", "channel": "sms"})


def change_password(user: User) -> None:
    set_credentials(
        user_id=user.id,
        email=user.email,
        password_hash=make_password("Green-lantern 48 rivers"),
        by=user.id,
        at=clock.now(),
    )


@pytest.mark.parametrize("before_the_code", [True, False])
def test_a_half_done_sign_in_ends_with_a_change_of_the_password(
    client: Client, before_the_code: bool
) -> None:
    user = make_person()
    begin(client, user)
    if before_the_code:
        code = last_code(PHONE)
        change_password(user)
    else:
        change_password(user)
        code = last_code(PHONE)
    response = client.post("/login/verify/", {"action": "verify", "code": code})
    assert response.headers["Location"] == "/"
    assert client.get("/login/verify/").headers["Location"] == "/"
    assert session_account(client) is None


def test_a_verified_address_does_not_survive_it_either(client: Client) -> None:
    user = make_person()
    begin(client, user, option="email")
    client.post("/login/verify/", {"action": "verify", "code": last_code(user.email)})
    change_password(user)
    client.post("/login/verify/", {"action": "continue"})
    assert session_account(client) is None


def test_without_a_change_it_goes_on(client: Client) -> None:
    user = make_person()
    begin(client, user)
    client.post("/login/verify/", {"action": "verify", "code": last_code(PHONE)})
    assert session_account(client) == user.id


def proven_registration(user: User) -> MfaRegistration:
    registration = begin_mfa_registration(
        source_kind="account", source_id=user.id, contract=None, at=START
    )
    registration.method = "email"
    registration.email_verified_at = START
    registration.password_hash = make_password("Red-lantern 49 rivers")
    registration.save()
    return registration


def test_a_second_run_does_not_replace_the_factor_of_the_first() -> None:
    user = make_person(factors=False)
    registration = proven_registration(user)
    # The other run ended after this one had begun: it read that there was no factor yet.
    Factor.objects.create(user=user, kind=FactorKind.EMAIL, verified_at=START, created_at=START)
    before = User.objects.get(pk=user.pk)
    with pytest.raises(SourceGoneError):
        complete_mfa_registration(registration_id=registration.id, at=START)
    after = User.objects.get(pk=user.pk)
    assert (after.password, after.security_epoch) == (before.password, before.security_epoch)


def test_a_run_begun_under_the_old_password_ends_with_it() -> None:
    user = make_person(factors=False)
    registration = proven_registration(user)
    change_password(user)
    with pytest.raises(SourceGoneError):
        complete_mfa_registration(registration_id=registration.id, at=START)
