"""Authenticator apps: show a secret, have it confirmed, check codes."""

import logging
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from core.common.crypto import newest_seal_prefix, seal, unseal
from core.mfa.authenticators.totp import matching_step, new_secret
from core.mfa.codes import Owner, OwnerKind, typed_digits
from core.mfa.models import Factor, Totp, TotpEnrolment
from core.mfa.services.challenges import VerifyResult
from core.mfa.services.tries import Asked, evaluate

logger = logging.getLogger(__name__)

ENROLMENT_LIFE: Final = timedelta(minutes=30)
"""Own figure: long enough to find an app and install it."""
_PURPOSE: Final = "totp"
_RESEALED_AT_ONCE: Final = 5_000


@transaction.atomic
def offer_app_secret(
    *, owner: Owner, binding: UUID | None = None, epoch: int = 0, at: datetime
) -> bytes:
    """Return the secret that is being shown to somebody, a new one when there is none.

    Called by the enrolment pages, with a fresh sign-in or within an MFA registration. It is worth
    nothing until a code confirms it, and is the same on a page that is loaded again. An account
    names its sign-in (`binding`) and security epoch: another sign-in, or the same after a change
    of the account, gets a new secret, so that none outlives the session that has seen it. An MFA
    registration is its own owner and needs neither.
    """
    fresh = {**_fresh(owner, at), "binding": binding, "epoch": epoch}
    enrolment, is_new = TotpEnrolment.objects.select_for_update().get_or_create(
        owner_kind=owner.kind,
        owner_id=owner.id,
        defaults=fresh,
    )
    is_own = (enrolment.binding, enrolment.epoch) == (binding, epoch)
    if not is_new and (at >= enrolment.expires_at or not is_own):
        for name, value in fresh.items():
            setattr(enrolment, name, value)
        enrolment.confirmed_step = None
        enrolment.save()
    return _open(bytes(enrolment.sealed_secret), owner)


@transaction.atomic
def confirm_app(
    *, owner: Owner, binding: UUID | None = None, epoch: int = 0, code: str, at: datetime
) -> bool:
    """Tell whether a typed code confirms the secret that is being shown (`offer_app_secret`).

    Wrong codes are not counted: whoever types them has the secret on the screen. Right ones say
    that the app keeps it, and which time step is used up.
    """
    shown = _live_enrolments(owner, at).filter(binding=binding, epoch=epoch)
    enrolment = shown.select_for_update().first()
    if enrolment is None:
        return False
    step = matching_step(_open(bytes(enrolment.sealed_secret), owner), typed_digits(code), at=at)
    if step is None:
        return False
    enrolment.confirmed_step = step
    enrolment.save(update_fields=["confirmed_step"])
    return True


def find_app_secret(
    *, owner: Owner, binding: UUID | None = None, epoch: int = 0, at: datetime
) -> bytes | None:
    """Return the secret that `offer_app_secret` shows, for the QR code; changes nothing."""
    enrolment = _live_enrolments(owner, at).filter(binding=binding, epoch=epoch).first()
    return _open(bytes(enrolment.sealed_secret), owner) if enrolment else None


def reseal_app_secrets() -> int:
    """Seal anew what older keys sealed, so that they may go; returns how many secrets.

    Called by a daily task. A secret whose key is not held any more stays as it is.
    """
    older = Totp.objects.filter(sealed_secret__lt=newest_seal_prefix()).select_related("factor")
    done = 0
    for app in older.order_by("id")[:_RESEALED_AT_ONCE]:
        owner = Owner(OwnerKind.ACCOUNT, app.factor.user_id)
        before = bytes(app.sealed_secret)
        try:
            renewed = _seal(_open(before, owner), owner)
        except KeyError:
            logger.exception("authenticator app %s: the key of its secret is not held", app.id)
            continue
        done += Totp.objects.filter(pk=app.pk, sealed_secret=before).update(sealed_secret=renewed)
    return done


def take_over_app(*, owner: Owner, factor: Factor) -> bool:
    """Make a confirmed secret the account's; tells whether there was one.

    Runs in the transaction that writes the factor. The secret is sealed anew, for the account.
    """
    enrolment = (
        TotpEnrolment.objects.select_for_update()
        .filter(owner_kind=owner.kind, owner_id=owner.id, confirmed_step__isnull=False)
        .first()
    )
    if enrolment is None or enrolment.confirmed_step is None:
        return False
    account = Owner(OwnerKind.ACCOUNT, factor.user_id)
    Totp.objects.create(
        factor=factor,
        sealed_secret=_seal(_open(bytes(enrolment.sealed_secret), owner), account),
        last_step=enrolment.confirmed_step,
    )
    enrolment.delete()
    return True


@transaction.atomic
def verify_app_code(*, asked: Asked, code: str, at: datetime) -> VerifyResult:
    """Answer with a code of the account's authenticator app.

    A code counts within one step before and after its own, once: its step and all before it are
    used up by one UPDATE, on whatever host. A code that was used already reads like a wrong one and
    counts like one.
    """
    return evaluate(asked, lambda: _use_code(asked.user_id, code, at=at), at=at)


def _use_code(user_id: UUID, code: str, *, at: datetime) -> bool:
    app = Totp.objects.filter(factor__user_id=user_id).first()
    if app is None:
        return False
    owner = Owner(OwnerKind.ACCOUNT, user_id)
    secret = _open(bytes(app.sealed_secret), owner)
    step = matching_step(secret, typed_digits(code), at=at)
    if step is None:
        return False
    return bool(Totp.objects.filter(pk=app.pk, last_step__lt=step).update(last_step=step))


def _live_enrolments(owner: Owner, at: datetime) -> QuerySet[TotpEnrolment]:
    return TotpEnrolment.objects.filter(owner_kind=owner.kind, owner_id=owner.id, expires_at__gt=at)


def _fresh(owner: Owner, at: datetime) -> dict[str, object]:
    return {
        "sealed_secret": _seal(new_secret(), owner),
        "started_at": at,
        "expires_at": at + ENROLMENT_LIFE,
    }


def _seal(secret: bytes, owner: Owner) -> bytes:
    return seal(_PURPOSE, secret, owner.kind.value, str(owner.id))


def _open(sealed: bytes, owner: Owner) -> bytes:
    return unseal(_PURPOSE, sealed, owner.kind.value, str(owner.id))
