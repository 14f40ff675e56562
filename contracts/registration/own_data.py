"""What this app adds to the download of one's own data."""

from datetime import datetime

from contracts.registration.models import TermsAcceptance
from core.accounts.models import User
from core.accounts.own_data import register_own_data
from core.accounts.policies import find_contract


def register_own_parts() -> None:
    """Add the accepted terms of use."""
    register_own_data("terms_of_use", "The terms of use that you accepted", _acceptances)


def _acceptances(user: User, _at: datetime) -> list[dict[str, str]]:
    return [
        {
            "program": contract.name if (contract := find_contract(one.contract_id)) else "",
            "version": one.version,
            "digest_of_the_text": one.sha256,
            "accepted_at": one.accepted_at.isoformat(),
        }
        for one in TermsAcceptance.objects.filter(account=user).order_by("accepted_at")
    ]
