"""The terms of use at sign-in (django-allauth's stages; see core.mfa.stages)."""

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from contracts.registration.selectors import DueTerms, list_due_terms
from core.accounts.signing_in.allauth_wrapper import PortalStage
from core.common import clock
from tenants.in_hand import contract_of, is_portal_host


class TermsStage(PortalStage):
    """Asks for the terms of use that are not accepted yet; comes when the person is proven.

    Who registered accepted on the way and passes; who was invited or came from an earlier portal
    is asked here, before home; and everybody is asked for a newer version that wants it.
    """

    key = "portal_terms"
    urlname = "registration:terms_due"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Pass whoever has accepted everything; send others to the page that asks."""
        if self.due() is None:
            return None, True
        return HttpResponseRedirect(reverse(self.urlname)), True

    def due(self) -> DueTerms | None:
        """Return what is to be accepted next: on a contract's own host of that contract alone."""
        only = None if is_portal_host(self.request) else contract_of(self.request)
        due = list_due_terms(self.user, only=only, at=clock.now())
        return due[0] if due else None
