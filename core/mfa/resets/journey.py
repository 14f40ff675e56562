"""How a browser holds a password reset: by its key in the session, nothing else."""

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest

from core.mfa.models import PasswordReset
from core.mfa.resets.states import ResetStep
from core.mfa.services.resets import ResetRun, find_reset
from tenants.in_hand import contract_of

SESSION_KEY = "password_reset"
PAGES = {
    ResetStep.CODE: "mfa:reset_code",
    ResetStep.FACTOR: "mfa:reset_proof",
    ResetStep.PRESENT_PASSWORD: "mfa:reset_present",
    ResetStep.NEW_PASSWORD: "mfa:reset_password",
}


def enter_reset(request: HttpRequest, reset: PasswordReset) -> None:
    """Bind a run to this browser, in place of one that it had."""
    request.session[SESSION_KEY] = str(reset.id)


def own_reset_id(request: HttpRequest) -> UUID | None:
    """Return the key of this browser's run, which may have ended."""
    if SESSION_KEY not in request.session:
        return None
    return UUID(request.session[SESSION_KEY])


def find_own_reset(request: HttpRequest, *, at: datetime) -> ResetRun | None:
    """Return the run of this browser that goes on in the contract in hand, or None."""
    reset_id = own_reset_id(request)
    run = find_reset(reset_id, at=at) if reset_id else None
    contract = contract_of(request)
    if run is None or run.reset.contract_id != (contract.id if contract else None):
        return None
    return run


def leave_reset(request: HttpRequest) -> None:
    """Forget the run in this browser."""
    request.session.pop(SESSION_KEY, None)
