"""Our stages of a sign-in, between the right password and the session (django-allauth)."""

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from core.accounts.signing_in.allauth_wrapper import VOUCHED, PortalStage, methods_used
from core.common import clock
from core.mfa.browsers.cookie import remember_or_forget
from core.mfa.policies import METHOD_OF_CHANNEL
from core.mfa.registering.journey import enter_mfa_registration
from core.mfa.registering.sources import SourceGoneError
from core.mfa.selectors import kinds_in_hand, kinds_of
from core.mfa.services.registrations import begin_mfa_registration
from tenants.in_hand import contract_of


class MfaRegistrationStage(PortalStage):
    """Leads an account that has no factor into MFA registration."""

    key = "portal_mfa_registration"
    urlname = "mfa:method"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Pass whoever has a factor, and note which ones for the pages that follow.

        Who comes through an identity provider passes, too: its factor is its own.
        """
        # Whoever comes from MFA registration has proven what was not there when it began.
        attempt = self.attempt
        kinds = kinds_of(self.user.id) if attempt.proven else kinds_in_hand(self.user)
        if kinds or VOUCHED in attempt.proven:
            attempt.kinds = sorted(kinds)
            attempt.write_to(self.login)
            return None, True
        try:
            registration = begin_mfa_registration(
                source_kind="account",
                source_id=self.user.id,
                contract=contract_of(self.request),
                at=clock.now(),
            )
        except SourceGoneError:
            answer = self.abort()
            # After the right password one may know that the account is closed.
            to_help = HttpResponseRedirect(reverse("mfa_help") + "#inactive")
            return (to_help if self.user.is_dormant else answer), False
        # The stashed sign-in is not needed: at the end the person is signed in anew.
        return enter_mfa_registration(self.request, registration), False


class ChallengeStage(PortalStage):
    """Asks for the second factor that the login option names."""

    key = "portal_challenge"
    urlname = "mfa:challenge"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Pass whoever has just proven a factor; send others to the page that asks."""
        if self.attempt.proven:
            return None, True
        return HttpResponseRedirect(reverse(self.urlname)), True


class RememberStage(PortalStage):
    """Remembers the browser when the box was ticked; comes last, when everything is proven.

    Any other complete sign-in forgets what the browser had, which may be somebody else's.
    """

    key = "portal_remember"
    urlname = "login_options"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Pass everybody. Use does not prolong: who came by a remembered browser keeps it."""
        if not self.attempt.recalled:
            option = self._proven_option() if self.attempt.remember else None
            remember_or_forget(self.request, self.user, option=option, at=clock.now())
        return None, True

    def _proven_option(self) -> str | None:
        """Return the login option if it was proven itself: no other way is remembered as it."""
        used = methods_used(self.request, self.user)
        proven = {METHOD_OF_CHANNEL.get(name) for name in used if name != "recovery"}
        return self.attempt.option if self.attempt.option in proven else None
