"""Whether somebody who came through an identity provider has proven there just now who they are."""

from django.http import HttpRequest
from django.urls import reverse

from core.accounts.models import User
from core.accounts.signing_in.allauth_wrapper import VOUCHED, last_noted, methods_used
from core.staff.policies import OIDC_CONFIRMED


class ProviderConfirmation:
    """A fresh sign-in through the provider, in place of password and factor.

    The sign-in itself does not count: the provider may have known the person for hours.
    """

    def holds_for(self, request: HttpRequest) -> bool:
        """Tell whether the session began at an identity provider that the account has to itself.

        Where it has a password, too, password and factor are asked for: a provider that was linked
        later must not buy a change of them.
        """
        user = request.user
        if not isinstance(user, User) or not user.signs_in_elsewhere:
            return False
        return VOUCHED in methods_used(request, user)

    def is_fresh(self, request: HttpRequest, user: User, since: float) -> bool:
        """Tell whether the provider was asked anew after a moment."""
        moment = last_noted(request, user, OIDC_CONFIRMED)
        return moment is not None and moment > since

    def page(self) -> str:
        """Return the page that leads to the provider and back."""
        return reverse("staff:oidc_confirm")
