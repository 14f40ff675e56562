"""Remember browsers and forget them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from core.accounts.models import User
from core.accounts.policies import contracts_of, policy_epochs_of, policy_of
from core.accounts.signing_in.remembering import KnownBrowser
from core.audit.recording import record
from core.common.tokens import has_token, new_token
from core.mfa.browsers.remembering import Forgotten, Memory, Present, expiry, why_forgotten
from core.mfa.models import Factor, RememberedBrowser

_PURPOSE = "remembered-browser"


@dataclass(frozen=True)
class NewMemory:
    """The token for the cookie, which is nowhere else, and its end."""

    token: str
    expires_at: datetime


def find_known_browser(*, token: str, host: str, at: datetime) -> KnownBrowser | None:
    """Return whom a token may sign in by which option now, or None; changes nothing.

    Tokens are looked up by digest, under every key that is still held: what was not issued costs
    the same one look-up and tells nothing.
    """
    browser = (
        RememberedBrowser.objects.select_related("user").filter(has_token(_PURPOSE, token)).first()
    )
    if browser is None or _why_forgotten(browser, host=host, at=at) is not None:
        return None
    return KnownBrowser(user=browser.user, option=browser.option, expires_at=browser.expires_at)


@transaction.atomic
def remember_browser(
    *, user: User, option: str, host: str, replaces: str, at: datetime
) -> NewMemory | None:
    """Remember a browser after a complete sign-in, for the hours of the effective policy.

    Called at the end of the sign-in with the account as it was checked there: a change of it in
    the meantime has moved its epoch, and the memory is void. `replaces` is the token that the
    browser had ("" for none), which ends. None where one of the account's contracts remembers no
    browsers. Records `browser.remembered`.
    """
    # The account first, then its browsers: the order of a lock that closes, which forgets them.
    User.objects.select_for_update().get(pk=user.id)
    forget_browser(token=replaces, reason="replaced", at=at)
    contracts = contracts_of(user.id)
    hours = policy_of(contracts, staff=user.is_staff_member).mfa.remember_hours
    if hours == 0:
        return None
    fresh = new_token(_PURPOSE)
    browser = RememberedBrowser.objects.create(
        user=user,
        option=option,
        host=host,
        token_digest=fresh.digest,
        key_version=fresh.key_version,
        security_epoch=user.security_epoch,
        policy_epochs=policy_epochs_of(contracts),
        created_at=at,
        expires_at=expiry(remember_hours=hours, since=at),
    )
    _record(browser, "browser.remembered", by=user.id, data={"hours": hours}, at=at)
    return NewMemory(token=fresh.token, expires_at=browser.expires_at)


@transaction.atomic
def forget_browser(*, token: str, reason: str, at: datetime) -> bool:
    """Revoke the browser that has a token; tells whether there was one to revoke.

    Called for the browser itself, whoever sits before it. Records `browser.forgotten`, once
    however many ask at the same time.
    """
    browser = (
        RememberedBrowser.objects.select_for_update()
        .filter(has_token(_PURPOSE, token), revoked_at__isnull=True)
        .first()
        if token
        else None
    )
    if browser is None:
        return False
    _revoke(browser, reason=reason, by=None, at=at)
    return True


@transaction.atomic
def forget_own_browser(*, user_id: UUID, browser_id: UUID, at: datetime) -> bool:
    """Revoke one browser of an account from another one; tells whether it was still known.

    Called by its owner's page. Records `browser.forgotten`.
    """
    browser = (
        RememberedBrowser.objects.select_for_update()
        .filter(pk=browser_id, user_id=user_id, revoked_at__isnull=True)
        .first()
    )
    if browser is None:
        return False
    _revoke(browser, reason="forgotten_by_owner", by=user_id, at=at)
    return True


def list_known_browsers(user: User, *, at: datetime) -> list[RememberedBrowser]:
    """Return the browsers that may sign an account in now, the latest first."""
    rows = RememberedBrowser.objects.select_related("user").filter(
        user=user, revoked_at__isnull=True, expires_at__gt=at
    )
    return [
        browser
        for browser in rows.order_by("-created_at")
        if _why_forgotten(browser, host=browser.host, at=at) is None
    ]


@transaction.atomic
def forget_all_browsers(*, user_id: UUID, reason: str, by: UUID | None, at: datetime) -> int:
    """Revoke every remembered browser of an account; returns how many there were.

    Runs in the transaction of a lock. Changes that move the account's epoch need no call.
    """
    browsers = RememberedBrowser.objects.select_for_update().filter(
        user_id=user_id, revoked_at__isnull=True, expires_at__gt=at
    )
    found = list(browsers.order_by("id"))
    for browser in found:
        _revoke(browser, reason=reason, by=by, at=at)
    return len(found)


def _why_forgotten(browser: RememberedBrowser, *, host: str, at: datetime) -> Forgotten | None:
    user = browser.user
    contracts = contracts_of(user.id)
    factor = Factor.objects.filter(user=user, kind=browser.option).first()
    return why_forgotten(
        Memory(
            host=browser.host,
            security_epoch=browser.security_epoch,
            policy_epochs=browser.policy_epochs,
            created_at=browser.created_at,
            expires_at=browser.expires_at,
            revoked=browser.revoked_at is not None,
        ),
        Present(
            host=host,
            is_active=user.is_active,
            is_locked=user.is_locked(at),
            security_epoch=user.security_epoch,
            policy_epochs=policy_epochs_of(contracts),
            remember_hours=policy_of(contracts, staff=user.is_staff_member).mfa.remember_hours,
            factor_since=factor.verified_at if factor else None,
            at=at,
        ),
    )


def _revoke(browser: RememberedBrowser, *, reason: str, by: UUID | None, at: datetime) -> None:
    browser.revoked_at = at
    browser.save(update_fields=["revoked_at"])
    _record(browser, "browser.forgotten", by=by, data={"reason": reason}, at=at)


def _record(
    browser: RememberedBrowser,
    event_type: str,
    *,
    by: UUID | None,
    data: dict[str, object],
    at: datetime,
) -> None:
    record(
        event_type,
        actor_id=by,
        subject=("remembered_browser", browser.id),
        data={"account": str(browser.user_id), "option": browser.option, **data},
        at=at,
    )
