"""What django-allauth asks us."""

from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from core.accounts.models import User
from core.accounts.paths import is_own_path
from core.accounts.services.sign_in import (
    complete_remembered_sign_in,
    complete_sign_in,
    hold_for_sign_in,
)
from core.accounts.sessions.lifecycle import open_session
from core.accounts.signing_in.allauth_wrapper import drop_sign_in, methods_used, was_remembered
from core.common import clock


class PortalAccountAdapter(DefaultAccountAdapter):
    """Our stages, our session, our redirects; none of allauth's own pages, mails or messages."""

    def get_login_stages(self) -> list[str]:
        """Return the stages of a sign-in after the password, in order."""
        return list(settings.PORTAL_LOGIN_STAGES)

    @transaction.atomic
    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """Sign in at the end of the pipeline: new session id, our record, counters back.

        An account that was locked, deactivated or changed on the way is led back to the login
        options.
        """
        at = clock.now()
        person = cast("User", user)
        is_remembered = was_remembered(methods_used(request, person))
        may_enter = hold_for_sign_in(
            user_id=person.id,
            security_epoch=person.security_epoch,
            proven=not is_remembered,
            at=at,
        )
        if not may_enter:
            raise ImmediateHttpResponse(HttpResponseRedirect(reverse("login_options")))
        super().login(request, person)
        open_session(request, person, at=at)
        complete = complete_remembered_sign_in if is_remembered else complete_sign_in
        complete(user_id=person.id, methods=methods_used(request, person), at=at)

    def pre_login(
        self, request: HttpRequest, user: AbstractBaseUser, **_kwargs: Any
    ) -> HttpResponse | None:
        """Stop the sign-in to a closed account; one that nobody used goes on to its own stage."""
        person = cast("User", user)
        if person.is_active or person.is_dormant:
            return None
        drop_sign_in(request)
        return HttpResponseRedirect(reverse("login_options"))

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Return the home page of the host or contract in hand."""
        return reverse("home")

    def is_safe_url(self, url: str) -> bool:
        """Accept our own paths only; allauth accepts every allowed host."""
        return is_own_path(url)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by registration and by administrators."""
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing: our pages say it in their own words."""
