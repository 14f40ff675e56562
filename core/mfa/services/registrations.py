"""MFA registration: choose a method, prove the address, set a password, prove the phone.

Every function locks the row, looks at the pending step and changes one thing. The pages know
nothing that is not in the row, so a refresh, a second tab and the back button find the same state.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction

from core.accounts.passwords.rules import blocked_words, broken_rules, normalize_password
from core.accounts.policies import brand_words, password_rules
from core.accounts.selectors import find_account_by_email
from core.accounts.services.passwords import WeakPasswordError
from core.audit.recording import record
from core.common.errors import DomainError
from core.common.phones import parse_us_phone
from core.mfa.codes import Owner, OwnerKind, Purpose
from core.mfa.models import Channel, MfaMethod, MfaRegistration
from core.mfa.policies import registration_rules
from core.mfa.registering.sources import (
    SourceDescription,
    SourceGoneError,
    get_source,
)
from core.mfa.registering.states import Step, pending_step
from core.mfa.services.challenges import (
    StartResult,
    Verdict,
    VerifyResult,
    start_challenge,
    use_answered_call,
    verify_challenge,
)
from tenants.configuration.document import BrandSection
from tenants.context import ActiveContract


class WrongStepError(DomainError):
    """Another step is pending; the page leads there."""

    code: ClassVar[str] = "mfa_wrong_step"
    message: ClassVar[str] = "Another step comes first."


class MethodNotOfferedError(DomainError):
    """The program does not accept this method."""

    code: ClassVar[str] = "mfa_method_not_offered"
    message: ClassVar[str] = "This program does not offer that method. Choose another one."


class FixedAddressError(DomainError):
    """The address of this account was proven before; a password alone does not change it."""

    code: ClassVar[str] = "mfa_fixed_address"
    message: ClassVar[str] = (
        "The code goes to the address that your account has. You can change the address in "
        "My account once you are signed in."
    )


class EmailOutcome(StrEnum):
    """What became of the e-mail code."""

    VERIFIED = "verified"
    NOT_VERIFIED = "not_verified"
    TAKEN = "taken"


@dataclass(frozen=True)
class EmailVerification:
    """The outcome and the verdict on the code."""

    outcome: EmailOutcome
    result: VerifyResult


@transaction.atomic
def begin_mfa_registration(
    *,
    source_kind: str,
    source_id: UUID,
    contract: ActiveContract | None,
    at: datetime,
    by_link: bool = False,
) -> MfaRegistration:
    """Begin a run through the steps, closing an unfinished one of the same source.

    Called when a link was used, or by the sign-in of an account without a factor. What the
    earlier run had proven has to be proven again, because another person may have begun it.

    `by_link` says that a link mailed to the address on file began it. Which address may be proven:
    an account whose address was never proven here (an imported one, journey 1) keeps *Change*, and
    the old address is told; one that has proven it before, and comes in by its password alone
    after Reset Registration, proves that same address again. Otherwise a known password would move
    the account to another mailbox, without the link and without a fresh full sign-in.
    Records `mfa_registration.started`. Raises SourceGoneError.
    """
    description = get_source(source_kind).describe(source_id)
    MfaRegistration.objects.filter(
        source_kind=source_kind,
        source_id=source_id,
        completed_at__isnull=True,
        closed_at__isnull=True,
    ).update(closed_at=at, **MfaRegistration.WIPED)
    registration = MfaRegistration.objects.create(
        source_kind=source_kind,
        source_id=source_id,
        contract_id=contract.id if contract else None,
        email=description.email,
        email_is_fixed=description.email_was_proven and not by_link,
        account_epoch=description.account_epoch,
        started_at=at,
    )
    record_step(registration, "started", at=at)
    return registration


def describe(registration: MfaRegistration) -> SourceDescription:
    """Return whose registration it is.

    Raises SourceGoneError, also when the account has got another password since it began.
    """
    description = get_source(registration.source_kind).describe(registration.source_id)
    if description.account_epoch != registration.account_epoch:
        raise SourceGoneError
    return description


def code_owner(registration: MfaRegistration, description: SourceDescription) -> Owner:
    """Return under whom codes are counted: the source, so that a new link brings no new tries."""
    return Owner(OwnerKind.REGISTRATION, description.counted_under or registration.source_id)


@transaction.atomic
def choose_method(*, registration_id: UUID, method: str, at: datetime) -> MfaRegistration:
    """Choose PHONE or EMAIL; may be changed until the registration is complete.

    Raises MethodNotOfferedError, SourceGoneError.
    """
    registration = open_registration(registration_id)
    if method not in describe(registration).methods or method not in MfaMethod.values:
        raise MethodNotOfferedError
    registration.method = method
    registration.save(update_fields=["method"])
    record_step(registration, "method_chosen", data={"method": method}, at=at)
    return registration


@transaction.atomic
def send_email_code(*, registration_id: UUID, email: str, at: datetime) -> StartResult:
    """Send a code to an address that is to become the account's.

    Raises WrongStepError, and FixedAddressError for another address than the account's where that
    one is fixed (`begin_mfa_registration`). Nothing here depends on whether the address has an
    account: that is told after it is proven.
    """
    registration = open_registration(registration_id)
    require_step(registration, Step.EMAIL)
    typed = email.strip().lower()
    if registration.email_is_fixed and typed != registration.email.strip().lower():
        raise FixedAddressError
    registration.email = typed
    started = _start(
        registration, Purpose.VERIFY_EMAIL, Channel.EMAIL.value, registration.email, at=at
    )
    if started.challenge is not None:
        registration.email_challenge = started.challenge
        registration.save(update_fields=["email", "email_challenge"])
    return started


@transaction.atomic
def verify_email(*, registration_id: UUID, code: str, at: datetime) -> EmailVerification:
    """Answer the e-mail code. Raises WrongStepError, SourceGoneError.

    An address that belongs to another account is refused after the right code only: whoever reads
    its mail may know. Records `mfa_registration.email_verified`.
    """
    registration = open_registration(registration_id)
    require_step(registration, Step.EMAIL)
    if registration.email_challenge_id is None:
        return EmailVerification(EmailOutcome.NOT_VERIFIED, VerifyResult(Verdict.EXPIRED))
    result = verify_challenge(
        challenge_id=registration.email_challenge_id,
        binding=registration.id,
        code=code,
        at=at,
    )
    if not result.is_ok:
        return EmailVerification(EmailOutcome.NOT_VERIFIED, result)
    if _belongs_to_another(registration.email, describe(registration).account_id):
        record_step(registration, "email_refused", result="taken", at=at)
        return EmailVerification(EmailOutcome.TAKEN, result)
    registration.email_verified_at = at
    registration.save(update_fields=["email_verified_at"])
    record_step(registration, "email_verified", at=at)
    return EmailVerification(EmailOutcome.VERIFIED, result)


@transaction.atomic
def change_email(*, registration_id: UUID, at: datetime) -> MfaRegistration:
    """Go back to the e-mail step to prove another address; the proof of the former is dropped.

    Raises WrongStepError, also where the address is fixed.
    """
    registration = open_registration(registration_id)
    if registration.email_is_fixed or pending_step(registration) in {Step.METHOD, Step.COMPLETE}:
        raise WrongStepError
    registration.email_verified_at = None
    registration.email_challenge = None
    registration.save(update_fields=["email_verified_at", "email_challenge"])
    record_step(registration, "email_reopened", at=at)
    return registration


def set_password(
    *, registration_id: UUID, password: str, brand: BrandSection, at: datetime
) -> MfaRegistration:
    """Set the account's password. Stored as a hash at once; the password is nowhere kept.

    Raises WeakPasswordError with the rules it breaks, WrongStepError, HashingBusyError. The hash
    is made outside the transaction: no row is locked while it waits for its turn.
    """
    registration = _open_unlocked(registration_id)
    require_step(registration, Step.PASSWORD)
    person = describe(registration)
    own = blocked_words(
        person.first_name, person.last_name, person.username, registration.email.split("@")[0]
    )
    problems = broken_rules(
        password, rules=password_rules(person.policy), words=own | brand_words(brand)
    )
    if problems:
        raise WeakPasswordError(problems)
    encoded = make_password(normalize_password(password))
    with transaction.atomic():
        registration = open_registration(registration_id)
        require_step(registration, Step.PASSWORD)
        registration.password_hash = encoded
        registration.save(update_fields=["password_hash"])
        record_step(registration, "password_set", at=at)
    return registration


@transaction.atomic
def send_phone_code(
    *, registration_id: UUID, phone: str, channel: str, at: datetime
) -> StartResult:
    """Send a text or call a ten-digit number.

    Raises PhoneNumberError, WrongStepError. The number is the account's once it is proven.
    """
    registration = open_registration(registration_id)
    require_step(registration, Step.PHONE)
    number = parse_us_phone(phone)
    started = _start(registration, Purpose.VERIFY_PHONE, channel, number, at=at)
    if started.challenge is not None:
        registration.phone = number
        registration.phone_challenge = started.challenge
        registration.save(update_fields=["phone", "phone_challenge"])
    return started


@transaction.atomic
def verify_phone(*, registration_id: UUID, code: str, at: datetime) -> VerifyResult:
    """Answer the code of a text. Raises WrongStepError."""
    registration = open_registration(registration_id)
    require_step(registration, Step.PHONE)
    if registration.phone_challenge_id is None:
        return VerifyResult(Verdict.EXPIRED)
    result = verify_challenge(
        challenge_id=registration.phone_challenge_id, binding=registration.id, code=code, at=at
    )
    return _note_phone(registration, result, at=at)


@transaction.atomic
def confirm_call(*, registration_id: UUID, at: datetime) -> VerifyResult:
    """Go on after the call was answered with the right keys. Raises WrongStepError."""
    registration = open_registration(registration_id)
    require_step(registration, Step.PHONE)
    if registration.phone_challenge_id is None:
        return VerifyResult(Verdict.EXPIRED)
    result = use_answered_call(
        challenge_id=registration.phone_challenge_id, binding=registration.id, at=at
    )
    return _note_phone(registration, result, at=at)


def _start(
    registration: MfaRegistration, purpose: Purpose, channel: str, destination: str, *, at: datetime
) -> StartResult:
    description = describe(registration)
    return start_challenge(
        owner=code_owner(registration, description),
        purpose=purpose,
        channel=channel,
        destination=destination,
        contract_id=registration.contract_id,
        binding=registration.id,
        rules=registration_rules(description.policy, channel, purpose),
        at=at,
    )


def _note_phone(
    registration: MfaRegistration, result: VerifyResult, *, at: datetime
) -> VerifyResult:
    if result.is_ok:
        registration.phone_verified_at = at
        registration.save(update_fields=["phone_verified_at"])
        record_step(registration, "phone_verified", at=at)
    return result


def _belongs_to_another(email: str, account_id: UUID | None) -> bool:
    owner = find_account_by_email(email)
    return owner is not None and owner.id != account_id


def _open_unlocked(registration_id: UUID) -> MfaRegistration:
    registration = MfaRegistration.objects.filter(
        pk=registration_id, completed_at__isnull=True, closed_at__isnull=True
    ).first()
    if registration is None:
        raise SourceGoneError
    return registration


def open_registration(registration_id: UUID) -> MfaRegistration:
    """Return a registration under way, locked until the transaction ends. SourceGoneError."""
    registration = (
        MfaRegistration.objects.select_for_update()
        .filter(pk=registration_id, completed_at__isnull=True, closed_at__isnull=True)
        .first()
    )
    if registration is None:
        raise SourceGoneError
    return registration


def require_step(registration: MfaRegistration, step: Step) -> None:
    """Raise WrongStepError unless a step is the pending one."""
    if pending_step(registration) is not step:
        raise WrongStepError


def record_step(
    registration: MfaRegistration,
    verb: str,
    *,
    at: datetime,
    result: str = "ok",
    actor_id: UUID | None = None,
    data: dict[str, object] | None = None,
) -> None:
    """Record `mfa_registration.<verb>`, in the transaction of the step."""
    record(
        f"mfa_registration.{verb}",
        contract_id=registration.contract_id,
        actor_id=actor_id,
        subject=("mfa_registration", registration.id),
        result=result,
        data={"source": registration.source_kind, **(data or {})},
        at=at,
    )
