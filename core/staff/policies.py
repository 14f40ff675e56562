"""What the deployment asks of its staff (its document's section `staff`)."""

from collections.abc import Sequence
from typing import Final

from core.accounts.signing_in.allauth_wrapper import VOUCHED
from core.mfa.policies import accepts
from tenants import registry
from tenants.configuration.policy import Method

OIDC_CONFIRMED: Final = "oidc_confirmed"
"""That the provider was asked anew during the session: what a fresh sign-in is for others."""


def staff_methods() -> tuple[Method, ...]:
    """Return the second factors that are accepted of staff who sign in with a password."""
    return registry.get_deployment().staff.mfa.accepted_of(admin=True)


def session_suffices(used: Sequence[str]) -> bool:
    """Tell whether a session that proved `used` may open staff pages.

    One that began at an identity provider may: which factor it asks for is the provider's rule.
    """
    return VOUCHED in used or accepts(staff_methods(), used)
