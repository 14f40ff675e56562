"""The last steps of MFA registration beside the phone: app and passkey; and writing the factors."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from core.accounts.models import User
from core.mfa.authenticators.passkeys import Person, RelyingParty
from core.mfa.codes import Owner, OwnerKind
from core.mfa.models import Factor, FactorKind, MfaMethod, MfaRegistration, PasskeyCeremony
from core.mfa.registering.sources import SourceDescription
from core.mfa.registering.states import Step
from core.mfa.services.factors import clear_factors
from core.mfa.services.passkeys import (
    Options,
    Response,
    ask_for_new_passkey,
    take_new_passkey,
    take_over_passkey,
)
from core.mfa.services.registrations import open_registration, record_step, require_step
from core.mfa.services.totp import confirm_app, offer_app_secret, take_over_app

_FIRST_NAME = "Passkey from registration"


def owner_of_enrolment(registration: MfaRegistration) -> Owner:
    """Return whose the secret or question of this run is: the run's, whoever begins another."""
    return Owner(OwnerKind.REGISTRATION, registration.id)


@transaction.atomic
def offer_registration_secret(*, registration_id: UUID, at: datetime) -> bytes:
    """Return the secret to show for the authenticator app. Raises WrongStepError."""
    registration = open_registration(registration_id)
    require_step(registration, Step.APP)
    return offer_app_secret(owner=owner_of_enrolment(registration), at=at)


@transaction.atomic
def verify_app(*, registration_id: UUID, code: str, at: datetime) -> bool:
    """Tell whether a code confirms the app. Records `mfa_registration.app_verified`.

    Raises WrongStepError.
    """
    registration = open_registration(registration_id)
    require_step(registration, Step.APP)
    if not confirm_app(owner=owner_of_enrolment(registration), code=code, at=at):
        return False
    registration.totp_verified_at = at
    registration.save(update_fields=["totp_verified_at"])
    record_step(registration, "app_verified", at=at)
    return True


@transaction.atomic
def ask_registration_passkey(
    *, registration_id: UUID, party: RelyingParty, person: SourceDescription, at: datetime
) -> Options:
    """Return the question that makes a passkey. Raises WrongStepError."""
    registration = open_registration(registration_id)
    require_step(registration, Step.PASSKEY)
    return ask_for_new_passkey(
        owner=owner_of_enrolment(registration),
        binding=registration.id,
        party=party,
        person=Person(
            handle=registration.id.bytes,
            name=registration.email,
            display_name=f"{person.first_name} {person.last_name}".strip() or registration.email,
        ),
        at=at,
    )


@transaction.atomic
def verify_registration_passkey(
    *, registration_id: UUID, party: RelyingParty, response: Response, at: datetime
) -> bool:
    """Tell whether a new passkey was made; it is kept until the account takes it over.

    Records `mfa_registration.passkey_verified`. Raises WrongStepError.
    """
    registration = open_registration(registration_id)
    require_step(registration, Step.PASSKEY)
    made = take_new_passkey(
        owner=owner_of_enrolment(registration),
        binding=registration.id,
        party=party,
        response=response,
        at=at,
    )
    if made is None:
        return False
    registration.passkey_verified_at = at
    registration.save(update_fields=["passkey_verified_at"])
    record_step(registration, "passkey_verified", at=at)
    return True


def write_factors(user: User, registration: MfaRegistration, *, at: datetime) -> None:
    """Write the address as a factor, and what else was proven; older ones go.

    Runs in the completing transaction.
    """
    clear_factors(user_id=user.id, at=at)

    def write(kind: FactorKind, verified_at: datetime | None, **fields: Any) -> Factor:
        return Factor.objects.create(
            user=user, kind=kind, verified_at=verified_at or at, created_at=at, **fields
        )

    write(FactorKind.EMAIL, registration.email_verified_at)
    phone = proven_phone(registration)
    if phone:
        write(FactorKind.PHONE, registration.phone_verified_at, phone=phone)
    if registration.method == MfaMethod.TOTP:
        factor = write(FactorKind.TOTP, registration.totp_verified_at)
        take_over_app(owner=owner_of_enrolment(registration), factor=factor)
    if registration.method == MfaMethod.PASSKEY:
        factor = write(FactorKind.PASSKEY, registration.passkey_verified_at)
        _take_over_passkey(registration, factor, at=at)


def proven_phone(registration: MfaRegistration) -> str | None:
    """Return the number that was proven, where the phone was chosen."""
    is_phone = registration.method == MfaMethod.PHONE and registration.phone_verified_at
    return registration.phone if is_phone else None


def _take_over_passkey(registration: MfaRegistration, factor: Factor, *, at: datetime) -> None:
    owner = owner_of_enrolment(registration)
    ceremony = PasskeyCeremony.objects.filter(
        owner_kind=owner.kind, owner_id=owner.id, answer__isnull=False
    ).latest("used_at")
    take_over_passkey(
        ceremony=ceremony, factor=factor, handle=registration.id.bytes, name=_FIRST_NAME, at=at
    )
