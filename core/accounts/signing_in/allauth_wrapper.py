"""The one module that imports what django-allauth keeps to itself.

What we take from it: the pipeline of a sign-in (stages, kept in the session with a time-out) and
the record of the methods used. Written against 65.21.1; `tests/unit/accounts/test_wrapper.py`
says what we rely on.
"""

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self, cast
from uuid import UUID

from allauth.account import app_settings
from allauth.account.internal.flows.login import (
    AUTHENTICATION_METHODS_SESSION_KEY,
    get_authentication_records,
    perform_login,
    record_authentication,
)
from allauth.account.internal.stagekit import LOGIN_SESSION_KEY, clear_login, stash_login
from allauth.account.models import Login
from allauth.account.stages import LoginStage, LoginStageController
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from core.accounts.models import User
from core.accounts.services.sign_in import record_session_end
from core.common import clock
from tenants.in_hand import contract_key_of

_STATE = "portal"
_UNSTASHED = "portal_login_under_way"
PASSWORD = "password"  # noqa: S105
FACTOR = "mfa"
_REMEMBERED = "remembered_"
VOUCHED = "oidc"
"""How a session says that an identity provider vouched for the person."""


@dataclass
class SignInAttempt:
    """What we keep of a sign-in under way, beside allauth's own state.

    `binding` is what its one-time codes are bound to; `contract` is the key of the contract in
    which it began ("" on the portal host): in another it starts again. `proven` lists channels
    that were proven before the pipeline began, by somebody who comes from MFA registration.
    `kinds` are the factors that the account had then; a change of them moves the epoch, too.
    `factor` is the way to prove a factor that was taken in place of the login option's own.
    `remember` is the choice of Remember Me; `recalled` says that a remembered browser stands for
    password and factor. `security_epoch` is the account's when the password was checked: a
    change of it since then, a new password above all, ends the sign-in.
    """

    option: str
    binding: str
    contract: str = ""
    security_epoch: int = 0
    factor: str = ""
    challenge: str = ""
    verified: bool = False
    proven: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    remember: bool = False
    recalled: bool = False

    @classmethod
    def of(cls, login: Login) -> Self | None:
        """Return the attempt that a stashed login carries."""
        try:
            return cls(**login.state[_STATE])
        except (KeyError, TypeError):
            return None

    def write_to(self, login: Login) -> None:
        """Put the attempt into a login's state."""
        login.state[_STATE] = dict(vars(self))


class PortalStage(LoginStage):
    """A stage of ours: knows its attempt and leads back to our own first page."""

    @property
    def attempt(self) -> SignInAttempt:
        """Return what we keep of this sign-in; a stage never runs without it."""
        attempt = SignInAttempt.of(self.login)
        if attempt is None:
            raise LookupError("This sign-in did not begin on a page of ours.")
        return attempt

    @property
    def user(self) -> User:
        """Return who is signing in."""
        return cast("User", self.login.user)

    def keep(self, attempt: SignInAttempt) -> None:
        """Write the attempt back into the session."""
        attempt.write_to(self.login)
        stash_login(self.request, self.login)

    def finish(self) -> HttpResponse:
        """Go on with the next stage, or sign the person in when this was the last."""
        response: HttpResponse = self.exit()  # type: ignore[no-untyped-call]
        return response

    def abort(self) -> HttpResponse:
        """Drop the sign-in and lead back to the Login options page."""
        clear_login(self.request)
        return HttpResponseRedirect(reverse("login_options"))


def begin_sign_in(
    request: HttpRequest, user: User, *, attempt: SignInAttempt, redirect_url: str
) -> HttpResponse:
    """Enter the pipeline after the right password; returns where the person goes next.

    Whoever was signed in on this browser is signed out, and the session gets a new identifier:
    a password is a rise of assurance.
    """
    return _enter(request, user, attempt=attempt, redirect_url=redirect_url, methods=[PASSWORD])


def sign_in_proven(
    request: HttpRequest, user: User, *, attempt: SignInAttempt, redirect_url: str
) -> HttpResponse:
    """Sign in somebody who has just set a password and proven a factor, in MFA registration.

    The stages run: what `attempt.proven` names is not asked again, everything else is.
    """
    methods = [PASSWORD, *attempt.proven]
    return _enter(request, user, attempt=attempt, redirect_url=redirect_url, methods=methods)


def sign_in_remembered(
    request: HttpRequest, user: User, *, attempt: SignInAttempt, redirect_url: str
) -> HttpResponse:
    """Sign in by a remembered browser, whose memory was checked, without password and factor.

    The same pipeline runs. The session keeps `remembered_phone` or `remembered_email` as its only
    method: who asks for a password or a factor proven just now does not find one.
    """
    method = _REMEMBERED + attempt.option
    attempt.proven, attempt.recalled = [method], True
    return _enter(request, user, attempt=attempt, redirect_url=redirect_url, methods=[method])


def sign_in_vouched(
    request: HttpRequest, user: User, *, attempt: SignInAttempt, redirect_url: str
) -> HttpResponse:
    """Sign in somebody for whom an identity provider vouches, password and factor included.

    The same pipeline runs; the session keeps `oidc` as its only method, and nothing of it counts
    as a password or a factor that was proven here.
    """
    attempt.proven = [VOUCHED]
    return _enter(request, user, attempt=attempt, redirect_url=redirect_url, methods=[VOUCHED])


def last_noted(request: HttpRequest, user: User, method: str) -> float | None:
    """Return when this session proved something by a method last, in seconds since 1970."""
    records: list[dict[str, Any]] = get_authentication_records(request, user)
    return max((entry["at"] for entry in records if entry.get("type") == method), default=None)


def was_remembered(methods: Iterable[str]) -> bool:
    """Tell whether a session began by a remembered browser."""
    return any(method.startswith(_REMEMBERED) for method in methods)


def _enter(
    request: HttpRequest,
    user: User,
    *,
    attempt: SignInAttempt,
    redirect_url: str,
    methods: list[str],
) -> HttpResponse:
    if isinstance(request.user, User):
        record_session_end(account_id=request.user.id, reason="signed_in_anew", at=clock.now())
        logout(request)
    clear_login(request)
    request.session.cycle_key()
    login = Login(user=user, email=user.email, redirect_url=redirect_url)
    attempt.security_epoch = user.security_epoch
    attempt.write_to(login)
    for method in methods:
        note_method(request, user, method)
    return perform_login(request, login)


def find_stage(request: HttpRequest, key: str) -> PortalStage | None:
    """Return the stage of this browser's sign-in when it is the present one, else None.

    None, too, when the account has changed since the password was checked.
    """
    login = _login_under_way(request)
    if login is None or login.user is None:
        return None
    controller = LoginStageController(request, login)
    stage = controller.get_stage(key) if controller.state.get("current") == key else None
    if not isinstance(stage, PortalStage):
        return None
    attempt = SignInAttempt.of(stage.login)
    if attempt is None or attempt.security_epoch != stage.user.security_epoch:
        return None
    return stage


def pending_page(request: HttpRequest, *, besides: str = "") -> str:
    """Return the path of the step that this browser's sign-in waits at, "" when none does here.

    For pages that belong to another step: whoever typed their address, or went back, is led on.
    `besides` is the key of the asker's own stage. A sign-in of another contract waits there.
    """
    login = _login_under_way(request)
    if login is None or login.user is None:
        return ""
    key = str(LoginStageController(request, login).state.get("current") or "")
    stage = find_stage(request, key) if key and key != besides else None
    if stage is None or stage.attempt.contract != contract_key_of(request):
        return ""
    return reverse(stage.urlname) if stage.urlname else ""


def _login_under_way(request: HttpRequest) -> Login | None:
    """Return the stashed sign-in, read from the session and its account from the database once."""
    if LOGIN_SESSION_KEY not in request.session:
        return None
    login: Login | None = getattr(request, _UNSTASHED, None)
    if login is None:
        login = _read_login(request)
        setattr(request, _UNSTASHED, login)
    return login


def _read_login(request: HttpRequest) -> Login | None:
    """Read a sign-in as allauth's `unstash_login` does, its account with its contracts."""
    data = request.session[LOGIN_SESSION_KEY]
    try:
        login = Login.deserialize({**data, "user_pk": None})
        account_id = UUID(data["user_pk"])
    except (KeyError, TypeError, ValueError):
        return None
    if time.time() - login.initiated_at > app_settings.LOGIN_TIMEOUT:
        clear_login(request)
        return None
    login.user = _account(request, account_id)
    return login


def _account(request: HttpRequest, account_id: UUID) -> User | None:
    """Return the account as it was read with the session, or read it."""
    known: User | None = getattr(request.session, "account", None)
    if known is not None and known.pk == account_id:
        return known
    return User.objects.with_contracts().filter(pk=account_id).first()


def note_method(request: HttpRequest, user: User, method: str) -> None:
    """Record that this session proved something: `password`, or the channel of a factor."""
    if method == PASSWORD:
        record_authentication(request, user, method=PASSWORD)
    else:
        record_authentication(request, user, method=FACTOR, type=method)


def methods_used(request: HttpRequest, user: User) -> tuple[str, ...]:
    """Return what this session proved, oldest first: `password`, `email`, `sms`, `voice`.

    One that began by a remembered browser has `remembered_phone` or `remembered_email` instead.
    """
    records: list[dict[str, Any]] = get_authentication_records(request, user)
    return tuple(str(entry.get("type") or entry["method"]) for entry in records)


def methods_in(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the same from the data of a stored session, whoever's it is."""
    records = data.get(AUTHENTICATION_METHODS_SESSION_KEY)
    entries = records if isinstance(records, list) else []
    return tuple(str(entry.get("type") or entry["method"]) for entry in entries)


def forget_methods(request: HttpRequest, methods: Collection[str]) -> None:
    """Take back what a session proved by methods that its account has no more.

    What a removed factor proved opens nothing any longer.
    """
    records: list[dict[str, Any]] = request.session.get(AUTHENTICATION_METHODS_SESSION_KEY, [])
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        entry for entry in records if entry.get("type") not in methods
    ]


def last_proven(
    request: HttpRequest, user: User, *, among: Collection[str] | None = None
) -> tuple[float | None, float | None]:
    """Return when this session proved the password and a factor last, in seconds since 1970.

    `among` names the methods that count as the factor; without it all do. A remembered browser and
    an identity provider prove neither.
    """
    records: list[dict[str, Any]] = get_authentication_records(request, user)
    passwords = [entry["at"] for entry in records if entry["method"] == PASSWORD]
    factors = [
        entry["at"]
        for entry in records
        if entry["method"] == FACTOR
        and not str(entry.get("type")).startswith((_REMEMBERED, VOUCHED))
        and (among is None or entry.get("type") in among)
    ]
    return max(passwords, default=None), max(factors, default=None)


def drop_sign_in(request: HttpRequest) -> None:
    """Forget a sign-in under way."""
    clear_login(request)
