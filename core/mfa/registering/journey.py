"""How a browser holds an MFA registration: by its key in the session, nothing else."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from core.mfa.models import MfaRegistration
from core.mfa.registering.states import Step, last_step, pending_step
from core.mfa.selectors import find_mfa_registration
from tenants.in_hand import contract_of

SESSION_KEY = "mfa_registration"
PAGES = {
    "method": "mfa:method",
    "email": "mfa:email",
    "password": "mfa:password",
    "phone": "mfa:phone",
    "app": "mfa:app",
    "passkey": "mfa:passkey",
}


def enter_mfa_registration(request: HttpRequest, registration: MfaRegistration) -> HttpResponse:
    """Bind an MFA registration to this browser and lead to its first page.

    Called by whoever began it (the page behind a link, a sign-in without a factor). The session
    gets a new identifier: it now stands for somebody.
    """
    request.session.cycle_key()
    request.session[SESSION_KEY] = str(registration.id)
    return HttpResponseRedirect(reverse(PAGES["method"]))


def find_own_registration(request: HttpRequest) -> MfaRegistration | None:
    """Return the registration of this browser when it belongs to the contract in hand."""
    if SESSION_KEY not in request.session:
        return None
    registration = find_mfa_registration(UUID(request.session[SESSION_KEY]))
    contract = contract_of(request)
    if registration is None or registration.contract_id != (contract.id if contract else None):
        return None
    return registration


def pending_path(registration: MfaRegistration) -> str:
    """Return the path of the pending step; when none is, of the last one of the method."""
    step = pending_step(registration)
    if step is Step.COMPLETE:
        step = last_step(registration.method)
    return reverse(PAGES[step.value])


def leave_mfa_registration(request: HttpRequest) -> None:
    """Forget the registration in this browser."""
    request.session.pop(SESSION_KEY, None)
