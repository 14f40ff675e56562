"""The sessions of an account, as its owner sees them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from core.accounts.models import Session, User
from core.accounts.policies import find_contracts, policy_epochs_of
from core.accounts.sessions.guarding import RECORD_KEY, SessionRecord, why_ended
from core.accounts.signing_in.allauth_wrapper import methods_in

METHOD_WORDS: Final = {
    "password": "password",
    "email": "code by e-mail",
    "sms": "code by text",
    "voice": "call",
    "totp": "authenticator app",
    "passkey": "passkey",
    "recovery": "recovery code",
    "oidc": "company sign-in",
    "oidc_confirmed": "company sign-in",
    "remembered_email": "remembered browser",
    "remembered_phone": "remembered browser",
    "remembered_totp": "remembered browser",
    "remembered_passkey": "remembered browser",
}


@dataclass(frozen=True)
class OwnSession:
    """One browser that is signed in. `seen_at` may be some seconds late."""

    sign_in: UUID
    is_this: bool
    host: str
    browser: str
    place: str
    began_at: datetime
    seen_at: datetime
    methods: str


def list_own_sessions(user: User, *, this: UUID | None, at: datetime) -> list[OwnSession]:
    """Return where an account is signed in now, this browser first, then the latest seen.

    A session that its next request would find over is not listed.
    """
    rows = Session.objects.filter(account=user, sign_in__isnull=False, expire_date__gt=at)
    found: dict[UUID, OwnSession] = {}
    for row in rows:
        session = _own_session(row, user, this=this, at=at)
        if session is not None:
            found[session.sign_in] = session
    return sorted(found.values(), key=lambda one: (not one.is_this, -one.seen_at.timestamp()))


def methods_in_words(methods: list[str] | tuple[str, ...]) -> str:
    """Return how somebody signed in: `password, code by text`."""
    return ", ".join(dict.fromkeys(METHOD_WORDS.get(name, name) for name in methods))


def _own_session(row: Session, user: User, *, this: UUID | None, at: datetime) -> OwnSession | None:
    data = row.get_decoded()
    record = SessionRecord.from_session(data.get(RECORD_KEY))
    if record is None or row.sign_in is None:
        return None
    contracts = find_contracts(UUID(key) for key in record.policy_epochs)
    ended = why_ended(
        record,
        host=record.host,
        security_epoch=user.security_epoch,
        policy_epochs=policy_epochs_of(contracts),
        at=at,
    )
    if ended is not None:
        return None
    return OwnSession(
        sign_in=row.sign_in,
        is_this=row.sign_in == this,
        host=record.host,
        browser=record.browser,
        place=record.place,
        began_at=datetime.fromtimestamp(record.began_at, UTC),
        seen_at=datetime.fromtimestamp(record.seen_at, UTC),
        methods=methods_in_words(methods_in(data)),
    )
