"""The end of an MFA registration: the account and its factors, all at once."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from core.accounts.models import User
from core.mfa.models import MfaRegistration
from core.mfa.registering.sources import CompletedRegistration, SourceGoneError, get_source
from core.mfa.registering.states import Step
from core.mfa.services.registration_factors import proven_phone, write_factors
from core.mfa.services.registrations import record_step, require_step


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
            phone=proven_phone(registration),
            method=registration.method,
            account_epoch=registration.account_epoch,
        ),
        at=at,
    )
    write_factors(user, registration, at=at)
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
