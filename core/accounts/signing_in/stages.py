"""Our stage of a sign-in to an account that was closed because nobody used it."""

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from core.accounts.signing_in.allauth_wrapper import PortalStage


class ReactivationStage(PortalStage):
    """Leads the owner of an unused account, who has proven password and factor, to open it.

    Everybody else passes. What is not opened is not signed in to.
    """

    key = "portal_reactivation"
    urlname = "reactivate"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Pass active accounts."""
        if self.user.is_active:
            return None, True
        return HttpResponseRedirect(reverse(self.urlname)), True
