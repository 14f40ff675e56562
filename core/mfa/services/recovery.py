"""Recovery codes: issue a set, use one."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from core.accounts.models import User
from core.audit.recording import record
from core.common.crypto import current_key_version
from core.mfa.authenticators.recovery import COUNT, comparable, digest_of, new_code
from core.mfa.models import RecoveryCode
from core.mfa.notices import tell_owner
from core.mfa.services.challenges import VerifyResult
from core.mfa.services.tries import Asked, evaluate


@transaction.atomic
def issue_recovery_codes(*, user_id: UUID, by: UUID | None, at: datetime) -> list[str]:
    """Return a new set of codes, to be shown once; the former set is worth nothing any more.

    Called by the owner's page, after a fresh sign-in. Stored are keyed digests. Records
    `recovery_codes.issued` and tells the owner.
    """
    user = User.objects.select_for_update().get(pk=user_id)
    replaced = withdraw_recovery_codes(user_id=user_id, at=at)
    codes = [new_code() for _place in range(COUNT)]
    version = current_key_version()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(
            user=user,
            code_digest=digest_of(code, user_id=user_id, version=version),
            key_version=version,
            created_at=at,
        )
        for code in codes
    )
    record(
        "recovery_codes.issued",
        actor_id=by,
        subject=("account", user_id),
        data={"count": len(codes), "replaced": replaced},
        at=at,
    )
    tell_owner(user, "recovery_codes_issued", at=at)
    return codes


def withdraw_recovery_codes(*, user_id: UUID, at: datetime) -> int:
    """Void what is left of an account's codes, in the caller's transaction; returns how many."""
    return _open_codes(user_id).update(replaced_at=at)


@transaction.atomic
def verify_recovery_code(*, asked: Asked, code: str, at: datetime) -> VerifyResult:
    """Answer with a recovery code, each once, whatever comes at the same time.

    Wrong ones count to the account's lock like any code. Records `recovery_code.used` beside
    `challenge.verified`, and tells the owner.
    """
    result = evaluate(asked, lambda: _use(asked.user_id, code, at=at), at=at)
    if result.is_ok:
        left = _open_codes(asked.user_id).count()
        record(
            "recovery_code.used",
            contract_id=asked.contract_id,
            actor_id=asked.user_id,
            subject=("account", asked.user_id),
            data={"left": left, "purpose": asked.purpose.value},
            at=at,
        )
        tell_owner(User.objects.get(pk=asked.user_id), "recovery_code_used", at=at, left=left)
    return result


def _use(user_id: UUID, code: str, *, at: datetime) -> bool:
    if comparable(code) is None:
        return False
    digests = [
        digest_of(code, user_id=user_id, version=version) for version in settings.PORTAL_SECRET_KEYS
    ]
    used = _open_codes(user_id).filter(code_digest__in=digests).update(used_at=at)
    return bool(used)


def _open_codes(user_id: UUID) -> QuerySet[RecoveryCode]:
    return RecoveryCode.objects.filter(
        user_id=user_id, used_at__isnull=True, replaced_at__isnull=True
    )
