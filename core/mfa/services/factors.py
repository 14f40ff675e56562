"""The stronger factors of an account: add, remove, rename.

Every change moves the security epoch (other sessions, links and remembered browsers end), tells
the owner at the account's address, and is recorded. The pages ask for a fresh sign-in before.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from django.db import transaction

from core.accounts.models import User
from core.accounts.policies import contracts_of
from core.audit.recording import record
from core.common.errors import DomainError
from core.mfa.codes import Owner, OwnerKind
from core.mfa.models import STRONGER, Factor, FactorKind, Passkey, PasskeyCeremony
from core.mfa.notices import tell_owner
from core.mfa.selectors import working_kinds
from core.mfa.services.browsers import forget_all_browsers
from core.mfa.services.passkeys import take_over_passkey
from core.mfa.services.recovery import withdraw_recovery_codes
from core.mfa.services.totp import take_over_app
from tenants import registry
from tenants.context import ActiveContract

MOST_PASSKEYS: Final = 10
"""Own figure: several devices and a spare; no list grows for ever."""


class FactorExistsError(DomainError):
    """The account has one already, or as many as it can have."""

    code: ClassVar[str] = "factor_exists"
    message: ClassVar[str] = "Your account has this already. Remove it before you add another one."


class FactorUnprovenError(DomainError):
    """Nothing was proven that could be added, or it was added already."""

    code: ClassVar[str] = "factor_unproven"
    message: ClassVar[str] = (
        "Nothing was added: this was not confirmed, or took too long. Try again."
    )


class LastFactorError(DomainError):
    """Without this factor a program would no longer accept the account."""

    code: ClassVar[str] = "last_factor"
    message: ClassVar[str] = "This is the last way to sign in that is accepted. Add another first."

    def __init__(self, asked_by: Iterable[str] = ()) -> None:
        names = ", ".join(asked_by)
        super().__init__(
            f"This is the last way to sign in that {names} accepts. Add another one first."
            if names
            else ""
        )


@transaction.atomic
def add_app(*, user_id: UUID, by: UUID | None, at: datetime) -> User:
    """Add the authenticator app whose secret was confirmed by a code.

    Records `factor.added`. Raises FactorExistsError, FactorUnprovenError.
    """
    user = _hold(user_id)
    if Factor.objects.filter(user=user, kind=FactorKind.TOTP).exists():
        raise FactorExistsError
    factor = _new_factor(user, FactorKind.TOTP, at=at)
    if not take_over_app(owner=Owner(OwnerKind.ACCOUNT, user_id), factor=factor):
        raise FactorUnprovenError
    return _changed(user, "added", FactorKind.TOTP, by=by, at=at)


@transaction.atomic
def add_passkey(
    *, user_id: UUID, ceremony_id: UUID, handle: bytes, name: str, by: UUID | None, at: datetime
) -> User:
    """Add the passkey that answered a question of this account.

    Records `factor.added`. Raises FactorExistsError when there are enough, FactorUnprovenError.
    """
    user = _hold(user_id)
    if Passkey.objects.filter(factor__user=user).count() >= MOST_PASSKEYS:
        raise FactorExistsError
    ceremony = PasskeyCeremony.objects.filter(
        pk=ceremony_id, owner_kind=OwnerKind.ACCOUNT, owner_id=user_id, answer__isnull=False
    ).first()
    if ceremony is None:
        raise FactorUnprovenError
    factor = Factor.objects.filter(user=user, kind=FactorKind.PASSKEY).first()
    passkey = take_over_passkey(
        ceremony=ceremony,
        factor=factor or _new_factor(user, FactorKind.PASSKEY, at=at),
        handle=handle,
        name=name,
        at=at,
    )
    return _changed(user, "added", FactorKind.PASSKEY, passkey=passkey.id, by=by, at=at)


@transaction.atomic
def rename_passkey(
    *, user_id: UUID, passkey_id: UUID, name: str, by: UUID | None, at: datetime
) -> bool:
    """Give a passkey another name; tells whether the account has it. Records `passkey.renamed`."""
    renamed = Passkey.objects.filter(pk=passkey_id, factor__user_id=user_id).update(name=name)
    if renamed:
        record(
            "passkey.renamed",
            actor_id=by,
            subject=("account", user_id),
            data={"passkey": str(passkey_id)},
            at=at,
        )
    return bool(renamed)


@transaction.atomic
def remove_app(*, user_id: UUID, by: UUID | None, at: datetime) -> User | None:
    """Remove the authenticator app; None when there is none. Records `factor.removed`.

    Raises LastFactorError.
    """
    user = _hold(user_id)
    factor = Factor.objects.filter(user=user, kind=FactorKind.TOTP).first()
    if factor is None:
        return None
    _refuse_last(user, FactorKind.TOTP)
    factor.delete()
    return _changed(user, "removed", FactorKind.TOTP, by=by, at=at)


@transaction.atomic
def remove_passkey(
    *, user_id: UUID, passkey_id: UUID, by: UUID | None, at: datetime
) -> User | None:
    """Remove one passkey; None when the account has no such one. Records `factor.removed`.

    Raises LastFactorError when it is the last that works and a program accepts nothing else.
    """
    user = _hold(user_id)
    passkey = Passkey.objects.filter(pk=passkey_id, factor__user=user).first()
    if passkey is None:
        return None
    others = Passkey.objects.filter(factor=passkey.factor).exclude(pk=passkey.pk)
    works = passkey.suspended_at is None
    if works and not others.filter(suspended_at__isnull=True).exists():
        _refuse_last(user, FactorKind.PASSKEY)
    passkey.delete()
    if not others.exists():
        Factor.objects.filter(pk=passkey.factor_id).delete()
    return _changed(user, "removed", FactorKind.PASSKEY, passkey=passkey_id, by=by, at=at)


def clear_factors(*, user_id: UUID, at: datetime) -> None:
    """Take away every factor and spare of an account, in the caller's transaction.

    For a registration that begins anew: the caller moves the epoch, records and tells.
    """
    Factor.objects.filter(user_id=user_id).delete()
    withdraw_recovery_codes(user_id=user_id, at=at)


def would_miss(user_id: UUID, kinds: Collection[str], lost: str) -> list[ActiveContract] | None:
    """Return the contracts that accept one of `kinds` and none any more without `lost`.

    None when the account works in no contract and the deployment's own rules would miss it.
    """
    left = set(kinds) - {lost}
    contracts = contracts_of(user_id)
    if not contracts:
        accepted = set(registry.get_deployment().defaults.mfa.methods)
        return None if lost in accepted and not left & accepted else []
    return [
        contract
        for contract in contracts
        if lost in contract.document.mfa.methods and not left & set(contract.document.mfa.methods)
    ]


def _refuse_last(user: User, kind: str) -> None:
    missed = would_miss(user.id, working_kinds(user.id), kind)
    if missed is None:
        raise LastFactorError
    if missed:
        raise LastFactorError(contract.name for contract in missed)


def _hold(user_id: UUID) -> User:
    """Lock the account, so that of two removals at once the second sees the first."""
    return User.objects.select_for_update().get(pk=user_id)


def _new_factor(user: User, kind: str, *, at: datetime) -> Factor:
    return Factor.objects.create(user=user, kind=kind, verified_at=at, created_at=at)


def _changed(
    user: User,
    verb: str,
    kind: FactorKind,
    *,
    by: UUID | None,
    at: datetime,
    passkey: UUID | None = None,
) -> User:
    user.security_epoch += 1
    user.save(update_fields=["security_epoch"])
    if not Factor.objects.filter(user=user, kind__in=STRONGER).exists():
        withdraw_recovery_codes(user_id=user.id, at=at)  # spares for nothing
    forget_all_browsers(user_id=user.id, reason="factor_changed", by=by, at=at)
    record(
        f"factor.{verb}",
        actor_id=by,
        subject=("account", user.id),
        data={"kind": kind.value, **({"passkey": str(passkey)} if passkey else {})},
        at=at,
    )
    tell_owner(user, f"{kind.value}_{verb}", at=at)
    return user
