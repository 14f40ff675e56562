"""Make, rotate, revoke and recognise the bearer tokens of the API (ADR 0048)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from core.accounts.models import User
from core.accounts.services.sign_in import note_use
from core.audit.recording import record
from core.common.compiled import CompiledQuery
from core.common.crypto import keyed_digests
from core.common.errors import DomainError
from core.common.tokens import new_token
from core.staff.api_rights import API_RIGHTS
from core.staff.models import ApiToken
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor, find_staff
from core.staff.services.desk import tell_of_act
from core.staff.vouching import vouching_for

PREFIX: Final = "ppt_"
"""Before every token, so that scanners for leaked secrets know one."""
PURPOSE: Final = "api_token"
LONGEST_DAYS: Final = 90
"""Of a person's token. Own figures: systems are looked after once a year, people come often."""
LONGEST_DAYS_OF_SERVICES: Final = 366
OVERLAP: Final = timedelta(hours=24)
"""How long a token goes on after one has taken its place, so that a system can be changed over."""
MOST_TOKENS: Final = 50
"""That hold at a time, of one account."""
_NOTED_EVERY: Final = timedelta(minutes=1)
_NOTED_AS_USE_EVERY: Final = timedelta(hours=1)


class RightNotHeldError(DomainError):
    """A right that the token's holder, or who makes it, does not hold there."""

    code: ClassVar[str] = "right_not_held"
    message: ClassVar[str] = "A token cannot do more than its holder and you may do there."


class TooManyTokensError(DomainError):
    """The account holds as many tokens as one can look after."""

    code: ClassVar[str] = "too_many_tokens"
    message: ClassVar[str] = f"There are {MOST_TOKENS} tokens already. Revoke those not in use."


class TokenEndedError(DomainError):
    """The token was revoked, replaced or has expired meanwhile."""

    code: ClassVar[str] = "token_ended"
    message: ClassVar[str] = "This token has ended or been replaced already."


class TokenSleepsError(DomainError):
    """Its holder's roles come from an identity provider that has not vouched for them lately."""

    code: ClassVar[str] = "sign_in_needed"
    message: ClassVar[str] = (
        "The token sleeps until its holder signs in to the portal again, through the company's or"
        " the state's sign-in. A system that is to go on by itself takes a service account."
    )

    def __init__(self, token_id: UUID) -> None:
        self.token_id = token_id
        super().__init__()


@dataclass(frozen=True)
class TokenWish:
    """What a token is to do, in which contracts (None: wherever its holder may), for how long."""

    name: str
    permissions: tuple[StaffPermission, ...]
    contracts: tuple[UUID, ...] | None
    days: int


@dataclass(frozen=True)
class MadeToken:
    """A new token, and its text, which is shown once and stands nowhere."""

    row: ApiToken
    text: str


@transaction.atomic
def make_token(*, holder: StaffActor, wish: TokenWish, by: StaffActor, at: datetime) -> MadeToken:
    """Make a token for a member of staff (themselves) or a service account.

    Called by the page after a fresh sign-in, with elevated rights where a right asks for them.
    Nobody lends more than they hold: each right must be the holder's, and `by` must hold it
    wherever the token will. Records `api_token.made`; a person is told by mail. Raises
    RightNotHeldError, TooManyTokensError.
    """
    account = User.objects.select_for_update().get(pk=holder.user.pk)
    _require_lendable(holder, wish, by)
    if _open(account.pk, at).count() >= MOST_TOKENS:
        raise TooManyTokensError
    longest = LONGEST_DAYS_OF_SERVICES if is_service(account) else LONGEST_DAYS
    made = _insert(account, wish, life=timedelta(days=min(wish.days, longest)), by=by, at=at)
    _record("made", made.row, by=by.user.pk, at=at)
    _tell(account, at=at)
    return made


@transaction.atomic
def rotate_token(*, token: ApiToken, by: StaffActor, at: datetime, now: bool) -> MadeToken:
    """Make a token that takes the place of one, with the same rights and as long a life.

    Called by the page like `make_token`. The former one goes on for `OVERLAP`, or ends `now`.
    Two at once rotate it once; those of one account go one after the other. Records
    `api_token.rotated` of the former. Raises TokenEndedError, TooManyTokensError, and
    RightNotHeldError where the rights are not to be lent any more.
    """
    User.objects.select_for_update().get(pk=token.user_id)
    held = _hold(token.pk)
    if not held.holds(at) or ApiToken.objects.filter(replaces=held).exists():
        raise TokenEndedError
    holder = find_staff(held.user, at=at)
    wish = wish_of(held)
    if holder is None:
        raise RightNotHeldError
    _require_lendable(holder, wish, by)
    if _open(held.user_id, at).count() > MOST_TOKENS:  # the one that is replaced is among them
        raise TooManyTokensError
    life = held.expires_at - held.made_at
    made = _insert(held.user, wish, life=life, by=by, at=at, replaces=held)
    held.expires_at = max(
        min(held.expires_at, at if now else at + OVERLAP), held.made_at + timedelta(microseconds=1)
    )
    held.save(update_fields=["expires_at"])
    _record("rotated", held, by=by.user.pk, at=at, replaced_by=str(made.row.id))
    _tell(held.user, at=at)
    return made


@transaction.atomic
def revoke_token(*, token: ApiToken, by: UUID, at: datetime) -> bool:
    """End a token at once; False when it has ended already. Records `api_token.revoked`.

    Called by the page on behalf of its holder, or of who manages the service account.
    """
    held = _hold(token.pk)
    if held.revoked_at is not None:
        return False
    held.revoked_at, held.revoked_by = at, by
    held.save(update_fields=["revoked_at", "revoked_by"])
    _record("revoked", held, by=by, at=at)
    return True


def find_bearer(text: str, *, address: str, at: datetime) -> StaffActor | None:
    """Return who acts by a token, with its limits; None for one that opens nothing.

    Unknown, revoked, expired, of somebody who left: the caller learns no more than that. Roles that
    an identity provider gave count for so long after the last sign-in as `core.staff.vouching`
    says; TokenSleepsError when none is left. Three statements at most, four with such roles; when
    it was used last is noted once a minute. Called for each call of the API, before anything else
    is read.
    """
    if not text.startswith(PREFIX):
        return None
    known = _find(text.removeprefix(PREFIX))
    if known is None or not known.holds(at) or not known.user.is_active:
        return None
    staff = find_staff(known.user, at=at)
    if staff is None:
        return None
    counting = vouching_for(staff, at=at).staff
    if counting is None:
        raise TokenSleepsError(known.pk)
    _note_use(known, address, at)
    return replace(counting, token=known)


def is_service(user: User) -> bool:
    """Tell whether an account is a service account's."""
    return hasattr(user, "service_account")


def wish_of(token: ApiToken) -> TokenWish:
    """Return what a token was made for."""
    return TokenWish(
        name=token.name,
        permissions=tuple(StaffPermission(one) for one in token.permissions),
        contracts=tuple(token.contracts) if token.contracts is not None else None,
        days=(token.expires_at - token.made_at).days,
    )


def _require_lendable(holder: StaffActor, wish: TokenWish, by: StaffActor) -> None:
    """See that holder and maker hold each right wherever it would be. Raises RightNotHeldError."""
    if not wish.permissions:
        raise RightNotHeldError
    for right in wish.permissions:
        held = holder.scope(right).within(wish.contracts)
        is_held = held.everywhere or bool(held.contracts)
        if right not in API_RIGHTS or not is_held or not by.scope(right).contains(held):
            raise RightNotHeldError


def _find(token: str) -> ApiToken | None:
    """Return the row of a token, whichever key in use made its digest (one statement each)."""
    for digest in reversed(keyed_digests(PURPOSE, token)):
        found = _BY_DIGEST.first(digest=digest)
        if found is not None:
            return found
    return None


_BY_DIGEST: CompiledQuery[ApiToken] = CompiledQuery(
    lambda digest: ApiToken.objects.select_related("user").filter(token_digest=digest)
)


def _insert(
    account: User,
    wish: TokenWish,
    *,
    life: timedelta,
    by: StaffActor,
    at: datetime,
    replaces: ApiToken | None = None,
) -> MadeToken:
    made = new_token(PURPOSE)
    row = ApiToken.objects.create(
        user=account,
        name=wish.name,
        token_digest=made.digest,
        key_version=made.key_version,
        ending=made.token[-4:],
        permissions=[one.value for one in wish.permissions],
        contracts=list(wish.contracts) if wish.contracts is not None else None,
        security_epoch=None if is_service(account) else account.security_epoch,
        made_by=by.user.pk,
        made_at=at,
        expires_at=at + life,
        replaces=replaces,
    )
    return MadeToken(row, PREFIX + made.token)


def _open(user_id: UUID, at: datetime) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(user_id=user_id, revoked_at__isnull=True, expires_at__gt=at)


def _hold(token_id: UUID) -> ApiToken:
    rows = ApiToken.objects.select_for_update(of=("self",)).select_related("user")
    return rows.get(pk=token_id)


def _note_use(token: ApiToken, address: str, at: datetime) -> None:
    """Note when a token was used; for a service account it is the use of the account, too.

    A person's account is used by its sessions alone: a system that calls on does not keep the
    account of somebody open who has not been here for months.
    """
    if token.last_used_at is not None and at - token.last_used_at < _NOTED_EVERY:
        return
    ApiToken.objects.filter(pk=token.pk).filter(
        Q(last_used_at__isnull=True) | Q(last_used_at__lte=at - _NOTED_EVERY)
    ).update(last_used_at=at, last_used_from=address)
    if token.security_epoch is not None:
        return
    used_at = token.user.last_used_at
    if used_at is None or at - used_at >= _NOTED_AS_USE_EVERY:
        note_use(user_id=token.user_id, at=at)


def _tell(user: User, *, at: datetime) -> None:
    if not is_service(user):
        tell_of_act(user.pk, "token_made", at=at)


def _record(verb: str, token: ApiToken, *, by: UUID, at: datetime, **more: object) -> None:
    record(
        f"api_token.{verb}",
        actor_id=by,
        subject=("account", token.user_id),
        data={
            "token": str(token.id),
            "permissions": token.permissions,
            "contracts": [str(one) for one in token.contracts or ()] or "all",
            "until": token.expires_at.isoformat(),
            **more,
        },
        at=at,
    )
