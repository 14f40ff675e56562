"""An office registers itself: a mail, a link that works once, and then the account or the office.

Whoever has an account is answered like everybody else; their mail leads to the sign-in, and the
office is added to the account.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from core.accounts.models import User
from core.accounts.selectors import find_account_by_email, username_is_available
from core.accounts.services.accounts import UsernameTakenError
from core.accounts.services.attempts import Limit, count_attempt
from core.accounts.services.throttle import record_refusal
from core.audit.recording import record
from core.common.context import current_context
from core.common.errors import DomainError
from core.common.networks import caller_of
from core.common.without_case import same_text
from core.groups.models import Office, OfficeRegistration
from core.groups.services.offices import OfficeFacts, add_office
from core.mfa.models import MfaRegistration
from core.mfa.registering.link_requests import LinkTarget
from core.mfa.services.invitation_links import mint_invitation_link, use_invitation_link
from core.mfa.services.registrations import begin_mfa_registration
from core.notifications.services.outbox import enqueue

SOURCE_KIND: Final = "office_registration"
"""Under which MFA registration knows these; the id is their `follow_id`."""
LINK_KIND: Final = "office_registration_link"
PER_NETWORK: Final = 20
"""Own figure: a whole company may sit behind one address."""
PER_ADDRESS: Final = 3
"""Own figure; what is more is answered like the first and mails nobody."""
_HOUR: Final = timedelta(hours=1)
_DIGEST_PURPOSE: Final = "groups.office_registration"


class TooManyRegistrationsError(DomainError):
    """The network has registered many offices."""

    code: ClassVar[str] = "office_registered_too_often"
    message: ClassVar[str] = "Offices were registered here often within the hour. Try again later."


class RegistrationOverError(DomainError):
    """The registration was completed, or never was."""

    code: ClassVar[str] = "office_registration_over"
    message: ClassVar[str] = "This registration has ended. Register the office again."


class OtherAccountError(DomainError):
    """Somebody else's registration."""

    code: ClassVar[str] = "office_registration_other_address"
    message: ClassVar[str] = (
        "The office was registered with another e-mail address than that of your account. Sign in "
        "with the account that has the address."
    )


@dataclass(frozen=True)
class Registrant:
    """Who registers an office, by their own words."""

    first_name: str
    last_name: str
    email: str


def start_office_registration(
    *, facts: OfficeFacts, registrant: Registrant, host: str, at: datetime
) -> None:
    """Take an office in and mail a link; says nothing about the address.

    Called by the page on the portal host. Records `office_registration.submitted`. Raises
    TooManyRegistrationsError.
    """
    network = caller_of(current_context().remote_address)
    of_network = Limit("office.registration.network", network, PER_NETWORK, _HOUR)
    if not count_attempt(limits=[of_network], at=at).allowed:
        raise TooManyRegistrationsError
    address = registrant.email.strip().lower()
    of_address = Limit("office.registration.address", address, PER_ADDRESS, _HOUR)
    is_mailed = count_attempt(limits=[of_address], at=at).allowed
    with transaction.atomic():
        made = OfficeRegistration.objects.create(
            host=host, invited_at=at, **asdict(facts), **(asdict(registrant) | {"email": address})
        )
        if is_mailed:
            enqueue(kind=LINK_KIND, to=address, subject_id=made.id, contract_id=None, at=at)
        _record("submitted", made, by=None, at=at)


def mint_link(*, registration: OfficeRegistration, life: timedelta, at: datetime) -> str:
    """Give an open registration a fresh link and return its token; the older one is dead."""
    return mint_invitation_link(registration, purpose=_DIGEST_PURPOSE, life=life, at=at)


@transaction.atomic
def follow_office_link(*, token: str, at: datetime) -> OfficeRegistration | None:
    """Use a link: once, within its life. None when it is used, expired, replaced or unknown.

    Called by the button on the link page. Records `office_registration.followed`, refusals as
    `office_registration.refused`.
    """
    found = use_invitation_link(_held(), purpose=_DIGEST_PURPOSE, token=token, at=at)
    if found is None:
        record_refusal("office_registration.refused", result="refused", at=at)
        return None
    _record("followed", found, by=None, at=at)
    return found


def has_account(registration: OfficeRegistration) -> bool:
    """Tell whether the address has an account; for whoever has followed the link to it alone."""
    return find_account_by_email(registration.email) is not None


@transaction.atomic
def choose_username(*, registration_id: UUID, username: str, at: datetime) -> MfaRegistration:
    """Reserve the username of the new account and begin its MFA registration.

    Called by the page behind the link, which counts how often it is sent. Raises
    RegistrationOverError, UsernameTakenError.
    """
    found = _held().filter(pk=registration_id).first()
    if found is None or found.follow_id is None:
        raise RegistrationOverError
    name = username.strip()
    if name.lower() != found.username.lower() and not username_is_available(name):
        raise UsernameTakenError
    found.username = name
    try:
        with transaction.atomic():
            found.save(update_fields=["username"])
    except IntegrityError as error:
        raise UsernameTakenError from error
    return begin_mfa_registration(
        source_kind=SOURCE_KIND, source_id=found.follow_id, contract=None, at=at
    )


@transaction.atomic
def add_office_to_account(*, registration_id: UUID, user: User, at: datetime) -> Office:
    """Give the office to the signed-in owner of its address.

    Called by the page behind the link. Records `office_registration.completed` and
    `office.registered`. Raises RegistrationOverError, OtherAccountError, TooManyOfficesError.
    """
    found = _held().filter(pk=registration_id).first()
    if found is None or found.link_used_at is None:
        raise RegistrationOverError
    if found.email != user.email.lower():
        raise OtherAccountError
    return finish(found, user, at=at)


def finish(registration: OfficeRegistration, user: User, *, at: datetime) -> Office:
    """Make the office of a registration that is held, in the caller's transaction.

    It counts as those that are registered by who is signed in. Raises TooManyOfficesError, which a
    new account never meets.
    """
    office = add_office(user=user, facts=_facts_of(registration), at=at)
    registration.accepted_at, registration.accepted_by = at, user.id
    registration.token_digest = None
    registration.save(update_fields=["accepted_at", "accepted_by", "token_digest"])
    _record("completed", registration, by=user.id, at=at)
    return office


def hold_by_follow(follow_id: UUID) -> OfficeRegistration | None:
    """Return the open registration of a used link, locked until the transaction ends."""
    return _held().filter(follow_id=follow_id).first()


def list_open_registrations() -> QuerySet[OfficeRegistration]:
    """Return those that can still be completed; each reserves its username."""
    return OfficeRegistration.objects.filter(OfficeRegistration.OPEN)


def find_office_target(name: str, contract_id: UUID | None, at: datetime) -> LinkTarget | None:
    """Return the mail for who registers an office under a username (a LinkFinder)."""
    reserved = list_open_registrations().filter(same_text("username", name))
    found = reserved.exclude(username="").first()
    if found is None:
        return None
    return LinkTarget(
        kind=LINK_KIND,
        to=found.email,
        subject=("office_registration", found.id),
        contract_id=None,
        account_id=None,
        not_after=at + _HOUR,
    )


def _held() -> QuerySet[OfficeRegistration]:
    return list_open_registrations().select_for_update(of=("self",))


def _facts_of(found: OfficeRegistration) -> OfficeFacts:
    return OfficeFacts(
        name=found.name,
        address_1=found.address_1,
        address_2=found.address_2,
        city=found.city,
        state=found.state,
        zip=found.zip,
    )


def _record(verb: str, registration: OfficeRegistration, *, by: UUID | None, at: datetime) -> None:
    record(
        f"office_registration.{verb}",
        actor_id=by,
        subject=("office_registration", registration.id),
        at=at,
    )
