"""The end of an MFA registration: the account and its factors, all at once."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from core.accounts.models import User
from core.mfa.models import Factor, FactorKind, MfaMethod, MfaRegistration
from core.mfa.services.registrations import record_step, require_step
from core.mfa.sources import CompletedRegistration, SourceGoneError, get_source
from core.mfa.states import Step


@transaction.atomic
def complete_mfa_registration(*, registration_id: UUID, at: datetime) -> User:
    """Complete: the source makes the account, the factors are written, all in one transaction.

    Called by the page of the last step; twice is the same as once. Records
    `mfa_registration.completed`. Raises WrongStepError while a step is pending, and whatever the
    source raises (then nothing of it remains).
    """
    registration = MfaRegistration.objects.select_for_update().get(pk=registration_id)
    if registration.account_id is not None:
        return User.objects.get(pk=registration.account_id)
    if registration.closed_at is not None:
        raise SourceGoneError
    require_step(registration, Step.COMPLETE)
    user = get_source(registration.source_kind).complete(
        registration.source_id,
        CompletedRegistration(
            email=registration.email,
            password_hash=registration.password_hash,
            phone=_phone_of(registration),
            method=registration.method,
            account_epoch=registration.account_epoch,
        ),
        at=at,
    )
    _write_factors(user, registration, at=at)
    registration.completed_at = at
    registration.account_id = user.id
    for name, nothing in MfaRegistration.WIPED.items():
        setattr(registration, name, nothing)
    registration.save(update_fields=["completed_at", "account_id", *MfaRegistration.WIPED])
    record_step(
        registration,
        "completed",
        actor_id=user.id,
        data={"account": str(user.id), "method": registration.method},
        at=at,
    )
    return user


def _write_factors(user: User, registration: MfaRegistration, *, at: datetime) -> None:
    """Write the address as a factor, and the phone where it was proven; older ones go."""
    Factor.objects.filter(user=user).delete()
    Factor.objects.create(
        user=user,
        kind=FactorKind.EMAIL,
        verified_at=registration.email_verified_at or at,
        created_at=at,
    )
    phone = _phone_of(registration)
    if phone:
        Factor.objects.create(
            user=user,
            kind=FactorKind.PHONE,
            phone=phone,
            verified_at=registration.phone_verified_at or at,
            created_at=at,
        )


def _phone_of(registration: MfaRegistration) -> str | None:
    is_phone = registration.method == MfaMethod.PHONE and registration.phone_verified_at
    return registration.phone if is_phone else None
