"""Make and change accounts."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import ClassVar, Final, TypedDict, Unpack
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models import F

from core.accounts.models import ContractAccess, Deactivation, ImportedAccount, User
from core.accounts.selectors import email_is_taken
from core.audit.recording import Happening, record, record_all
from core.common.errors import DomainError
from core.notifications.services.outbox import enqueue

CREDENTIALS_SET: Final = "credentials_set"


class UsernameTakenError(DomainError):
    """Another account has the username."""

    code: ClassVar[str] = "username_taken"
    message: ClassVar[str] = "This username is taken. Choose another one."


class EmailTakenError(DomainError):
    """Another account has the address."""

    code: ClassVar[str] = "email_taken"
    message: ClassVar[str] = (
        "An account already uses this e-mail address. Sign in with it to add a provider to it."
    )


class SignsInElsewhereError(DomainError):
    """The account comes through an identity provider."""

    code: ClassVar[str] = "signs_in_elsewhere"
    message: ClassVar[str] = "This account signs in with its company, and has no password here."


class ContactFields(TypedDict, total=False):
    """What a person may tell about how to reach them."""

    phone: str
    fax: str
    address_1: str
    address_2: str
    city: str
    state: str
    zip: str


@transaction.atomic
def create_account(
    *,
    username: str,
    email: str,
    first_name: str,
    last_name: str,
    password_hash: str,
    by: UUID | None,
    at: datetime,
    is_used: bool = True,
    **contact: Unpack[ContactFields],
) -> User:
    """Make an account; the username stays for good.

    Called by registration sources inside the completing transaction, with a proven address, and
    by the import of accounts, whose addresses are still to be proven. `password_hash` is an
    encoded hash, never a password; `is_used`: its owner is here and makes it. Records
    `account.created`. Raises UsernameTakenError and EmailTakenError; the database decides, so two
    at once make one account.
    """
    try:
        with transaction.atomic():
            user = User.objects.create(
                username=username.strip(),
                email=email.strip().lower(),
                first_name=first_name.strip(),
                last_name=last_name.strip(),
                password=password_hash,
                last_used_at=at if is_used else None,
                **contact,
            )
    except IntegrityError as error:
        if email_is_taken(email):
            raise EmailTakenError from error
        raise UsernameTakenError from error
    record("account.created", actor_id=by or user.id, subject=("account", user.id), at=at)
    return user


@transaction.atomic
def set_credentials(
    *,
    user_id: UUID,
    email: str,
    password_hash: str,
    contract_id: UUID | None = None,
    by: UUID | None,
    at: datetime,
) -> User:
    """Give an account a new password and a proven address, and end everything made before.

    Moves the security epoch: sessions, links and remembered browsers of the account end, and the
    password that it had in an earlier portal is forgotten. Tells the owner by mail, at the address
    that the account had. `contract_id` is the contract in whose name the mail goes out. Records
    `account.credentials_set`. Raises EmailTakenError, SignsInElsewhereError.
    """
    user = User.objects.select_for_update().get(pk=user_id)
    if user.signs_in_elsewhere:
        raise SignsInElsewhereError
    former = user.email
    user.email = email.strip().lower()
    user.password = password_hash
    user.security_epoch += 1
    try:
        with transaction.atomic():
            user.save(update_fields=["email", "password", "security_epoch"])
    except IntegrityError as error:
        raise EmailTakenError from error
    forget_imported_password(user_id=user_id)
    has_moved = former.lower() != user.email
    record(
        "account.credentials_set",
        actor_id=by,
        subject=("account", user_id),
        data={"address_changed": has_moved},
        at=at,
    )
    enqueue(
        kind=CREDENTIALS_SET,
        to=former,
        subject_id=user_id,
        account_id=user_id,
        contract_id=contract_id,
        context={"address_changed": has_moved},
        at=at,
    )
    return user


def forget_imported_password(*, user_id: UUID) -> None:
    """Forget the hash that an account brought from an earlier portal, in the caller's transaction.

    For whoever gives the account a password of this portal, or closes it.
    """
    ImportedAccount.objects.filter(user_id=user_id).exclude(encoded="").update(
        family="", encoded=""
    )


def end_sessions(*, user_id: UUID, reason: str, by: UUID | None, at: datetime) -> None:
    """End every session, link and remembered browser of an account by moving its epoch."""
    end_sessions_of([user_id], reason=reason, by=by, at=at)


@transaction.atomic
def end_sessions_of(
    user_ids: Iterable[UUID], *, reason: str, by: UUID | None, at: datetime
) -> None:
    """End what `end_sessions` ends, for several accounts at once.

    Called by services that act on accounts. Takes the accounts in the order of their keys, so that
    two acts on the same people do not wait for each other. Records `account.sessions_ended`.
    """
    held = User.objects.select_for_update(no_key=True).filter(pk__in=user_ids).order_by("pk")
    keys = list(held.values_list("pk", flat=True))
    User.objects.filter(pk__in=keys).update(security_epoch=F("security_epoch") + 1)
    ended = [
        Happening(
            "account.sessions_ended",
            actor_id=by,
            subject=("account", key),
            data={"reason": reason},
        )
        for key in keys
    ]
    record_all(ended, at=at)


DeactivationGuard = Callable[[UUID], None]
_deactivation_guards: list[DeactivationGuard] = []


def register_deactivation_guard(guard: DeactivationGuard) -> None:
    """Add what may refuse that somebody closes an account, by raising a DomainError.

    Called in `ready()` of the app that knows why. Runs in the closing transaction and may lock.
    """
    if guard not in _deactivation_guards:
        _deactivation_guards.append(guard)


@transaction.atomic
def deactivate_account(*, user_id: UUID, reason: str, by: UUID | None, at: datetime) -> None:
    """Close an account: it is out everywhere with its next request. Records the reason.

    Raises what a guard raises: the last admin of a provider group is kept.
    """
    for guard in _deactivation_guards:
        guard(user_id)
    User.objects.filter(pk=user_id).update(
        is_active=False,
        deactivated_at=at,
        deactivation=Deactivation.DECISION,
        security_epoch=F("security_epoch") + 1,
    )
    forget_imported_password(user_id=user_id)
    record(
        "account.deactivated",
        actor_id=by,
        subject=("account", user_id),
        data={"reason": reason},
        at=at,
    )


@transaction.atomic
def reactivate_account(*, user_id: UUID, reason: str, by: UUID | None, at: datetime) -> bool:
    """Open a closed account again; tells whether it was closed. It counts as used from now on.

    Called by staff, with a reason that goes into the audit event `account.reactivated`. What was
    made before the account was closed stays ended.
    """
    user = User.objects.select_for_update().get(pk=user_id)
    if user.is_active:
        return False
    User.objects.filter(pk=user_id).update(
        is_active=True,
        deactivated_at=None,
        deactivation="",
        last_used_at=at,
        security_epoch=F("security_epoch") + 1,
    )
    record(
        "account.reactivated",
        actor_id=by,
        subject=("account", user_id),
        data={"reason": reason},
        at=at,
    )
    return True


@transaction.atomic
def close_password(*, user_id: UUID, by: UUID | None, at: datetime) -> None:
    """Take the password of an account away for good: an identity provider vouches for its owner.

    Called by the app that owns such identities. Whatever leads to a new password is refused from
    now on, or who reads the owner's mail would come in past the provider. Sessions end. Records
    `account.password_closed`.
    """
    User.objects.filter(pk=user_id).update(
        password=make_password(None),
        signs_in_elsewhere=True,
        security_epoch=F("security_epoch") + 1,
    )
    record("account.password_closed", actor_id=by, subject=("account", user_id), at=at)


def note_staff(*, user_id: UUID, is_member: bool) -> None:
    """Note whether the deployment's policy for staff holds for an account.

    Called by the app that owns staff roles, in the transaction of the role, which it records.
    """
    User.objects.filter(pk=user_id).update(is_staff_member=is_member)


AccessKeeper = Callable[[UUID, UUID], bool]
_access_keepers: list[AccessKeeper] = []


def register_access_keeper(needs: AccessKeeper) -> None:
    """Add what tells whether an account works in a contract: `needs(user_id, contract_id)`.

    Called in `ready()` of each app that grants access (groups, staff).
    """
    if needs not in _access_keepers:
        _access_keepers.append(needs)


@transaction.atomic(savepoint=False)
def release_contract_access(*, user_id: UUID, contract_id: UUID, at: datetime) -> None:
    """End an account's access to a contract, unless a membership or role still needs it.

    Called in the transaction that ended one of them. Waits for whoever gives the account another
    one in the same contract at this moment, and sees it then.
    """
    held = _hold_access(user_id, contract_id)
    if held is None or any(needs(user_id, contract_id) for needs in _access_keepers):
        return
    # Who gave it at this moment may have come first with a later look at the clock.
    held.until = max(at, held.since)
    held.save(update_fields=["until"])


@transaction.atomic(savepoint=False)
def grant_contract_access(*, user_id: UUID, contract_id: UUID, at: datetime) -> None:
    """Note that an account works in a contract from now on; nothing happens when it does already.

    Called by groups and staff in the transaction of the membership or role, after it was written.
    The access stays locked until then: who ends the account's last role elsewhere would otherwise
    end it without having seen this one.
    """
    held = None
    while held is None:
        # Ended between the two statements: the next one is made.
        ContractAccess.objects.bulk_create(
            [ContractAccess(user_id=user_id, contract_id=contract_id, since=at)],
            ignore_conflicts=True,
        )
        held = _hold_access(user_id, contract_id)


def _hold_access(user_id: UUID, contract_id: UUID) -> ContractAccess | None:
    """Return an account's present access to a contract, locked until the transaction ends.

    Who holds several takes them in the order of the contracts' keys, and of the accounts'.
    """
    present = ContractAccess.objects.filter(
        user_id=user_id, contract_id=contract_id, until__isnull=True
    )
    return present.select_for_update(of=("self",), no_key=True).first()
