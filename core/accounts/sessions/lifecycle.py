"""The session of a signed-in person: what it remembers, and when that is looked at."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import update_wrapper
from typing import ParamSpec, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from core.accounts.models import Session, User
from core.accounts.policies import (
    contracts_in_hand,
    find_contracts,
    policy_epochs_of,
    policy_for,
)
from core.accounts.services.sign_in import note_use, record_session_end
from core.accounts.sessions.guarding import RECORD_KEY, Ended, SessionRecord, TimeLeft, why_ended
from core.accounts.sessions.store import row_key
from core.accounts.sessions.user_agents import describe_browser
from core.common.context import current_context
from core.common.ids import uuid7
from core.common.masking import mask_address

ENDED_KEY = "portal_session_ended"
ENDED_ACCOUNT_KEY = "portal_session_ended_of"
ELSEWHERE = "elsewhere"
"""The reason of a session whose row is gone: it was ended from another browser or tab."""
# Seen is written at most this often, so that not every request writes its session.
_SEEN_EVERY_SECONDS = 20
_SAID_FOR_SECONDS = 60
# Whether an account is used is counted in days.
_USED = timedelta(hours=1)
_CARRIED = "portal_carried_on"
P = ParamSpec("P")


def open_session(request: HttpRequest, user: User, *, at: datetime) -> None:
    """Write into a fresh session what it is bound to and how long it may last."""
    contracts = contracts_in_hand(user)
    limits = policy_for(user).sessions
    request.session[RECORD_KEY] = SessionRecord(
        id=str(uuid7()),
        browser=describe_browser(request.headers.get("User-Agent", "")),
        place=mask_address(current_context().remote_address),
        host=request.get_host().lower(),
        security_epoch=user.security_epoch,
        policy_epochs=policy_epochs_of(contracts),
        began_at=at.timestamp(),
        seen_at=at.timestamp(),
        idle_seconds=limits.idle_minutes * 60,
        absolute_seconds=limits.absolute_hours * 3600,
    ).to_session()
    for key in (ENDED_KEY, ENDED_ACCOUNT_KEY):
        request.session.pop(key, None)


def outlives_changes(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """Write what a page changes and the session that goes on (`carry_on`) together.

    Stands directly above the view. Between the two, another request of the same browser (a second
    tab asks for the time that is left) would find the session older than the account and end it.
    """

    def together(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        session = cast("HttpRequest", args[0]).session
        with transaction.atomic():
            setattr(session, _CARRIED, False)
            response = view(*args, **kwargs)
            if getattr(session, _CARRIED):
                session.save()
            return response

    return update_wrapper(together, view)


def carry_on(request: HttpRequest, user: User) -> None:
    """Let the session in hand outlive a change that its person has just made to the account.

    Every other session of the account ends, because the epoch moved. The session gets a new
    identifier. Called by the pages that change a factor, an address or a password. Raises
    RuntimeError where the page does not say `outlives_changes`.
    """
    if not hasattr(request.session, _CARRIED):
        raise RuntimeError("The view that carries a session on says @outlives_changes.")
    session = SessionRecord.from_session(request.session.get(RECORD_KEY))
    if session is not None:
        moved = replace(session, security_epoch=user.security_epoch)
        request.session[RECORD_KEY] = moved.to_session()
    request.session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    request.session.cycle_key()
    setattr(request.session, _CARRIED, True)


def check_session(request: HttpRequest, user: User, *, at: datetime) -> Ended | None:
    """Tell whether the session of a request is over; no query, contracts come from the cache.

    A contract that was joined since the sign-in may be stricter: its limits hold from now on.
    """
    session = _limited_record(request, user)
    return why_ended(
        session,
        host=request.get_host().lower(),
        security_epoch=user.security_epoch,
        policy_epochs=_current_epochs(session),
        at=at,
    )


def end_session(
    request: HttpRequest, reason: Ended, *, account_id: UUID | None, at: datetime
) -> None:
    """Empty a session that is over and remember why, for the sign-in page to say.

    Records `session.ended` with the reason, once however many requests find it over. One without
    a key was emptied on the way here, by Django for a changed password.
    """
    key = request.session.session_key
    with transaction.atomic():
        if key is None or forget_session(key):
            record_session_end(account_id=account_id, reason=reason.value, at=at)
    logout(request)
    _remember_end(request, reason.value, at=at)
    if account_id is not None:
        request.session[ENDED_ACCOUNT_KEY] = str(account_id)


def ended_account_of(request: HttpRequest) -> UUID | None:
    """Return whose session of this browser was found over, until somebody signs in."""
    key = request.session.get(ENDED_ACCOUNT_KEY)
    return UUID(key) if key else None


def note_lost_session(request: HttpRequest, *, at: datetime) -> None:
    """Have the sign-in page say that a session is gone, for a browser that still presents one.

    Sign out takes the cookie away, so it was ended from elsewhere.
    """
    presented = settings.SESSION_COOKIE_NAME in request.COOKIES
    found_over = ENDED_KEY in request.session
    if presented and not found_over and request.session.session_key is None:
        _remember_end(request, ELSEWHERE, at=at)


def forget_session(key: str) -> bool:
    """Delete a stored session; tells whether it was there."""
    deleted, _ = Session.objects.filter(session_key=row_key(key)).delete()
    return bool(deleted)


def sign_in_goes_on(sign_in: UUID | None) -> bool:
    """Tell whether a sign-in still has a session, under whatever key."""
    return sign_in is not None and Session.objects.filter(sign_in=sign_in).exists()


def sign_in_of(request: HttpRequest) -> UUID | None:
    """Return what names the sign-in of this session to its owner; it outlives the session's key."""
    session = SessionRecord.from_session(request.session.get(RECORD_KEY))
    return UUID(session.id) if session and session.id else None


def mark_seen(request: HttpRequest, *, at: datetime) -> None:
    """Note activity of the session, at most every few seconds, and of the account, once an hour."""
    session = SessionRecord.from_session(request.session.get(RECORD_KEY))
    if session is None:
        return
    user = request.user
    if isinstance(user, User) and (user.last_used_at is None or at - user.last_used_at >= _USED):
        note_use(user_id=user.id, at=at)
    if at.timestamp() - session.seen_at >= _SEEN_EVERY_SECONDS:
        request.session[RECORD_KEY] = replace(session, seen_at=at.timestamp()).to_session()


def time_left(request: HttpRequest, *, at: datetime) -> TimeLeft | None:
    """Return how long the session of a request still lasts; None for nobody. Changes nothing."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return None
    session = _limited_record(request, user)
    if session is None:
        return None
    warn_seconds = policy_for(user).sessions.warning_seconds
    return TimeLeft.of(session, warn_seconds=warn_seconds, at=at)


def ended_reason(request: HttpRequest, *, at: datetime) -> str:
    """Return why the last session of this browser ended, for a minute: each tab asks for itself."""
    if ENDED_KEY not in request.session:
        return ""
    reason, ended_at = request.session[ENDED_KEY]
    if at.timestamp() - ended_at < _SAID_FOR_SECONDS:
        return str(reason)
    del request.session[ENDED_KEY]
    return ""


def _remember_end(request: HttpRequest, reason: str, *, at: datetime) -> None:
    request.session[ENDED_KEY] = [reason, at.timestamp()]


def _limited_record(request: HttpRequest, user: User) -> SessionRecord | None:
    """Return what a session remembers, under the limits that hold for its person now."""
    session = SessionRecord.from_session(request.session.get(RECORD_KEY))
    limits = policy_for(user).sessions
    return session and session.within(
        idle_seconds=limits.idle_minutes * 60, absolute_seconds=limits.absolute_hours * 3600
    )


def _current_epochs(session: SessionRecord | None) -> dict[str, int]:
    if session is None:
        return {}
    return policy_epochs_of(find_contracts(UUID(key) for key in session.policy_epochs))
