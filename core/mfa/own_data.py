"""What this app adds to the download of one's own data. No secrets: neither keys nor codes."""

from datetime import datetime

from core.accounts.models import User
from core.accounts.own_data import register_own_data
from core.mfa.models import Factor
from core.mfa.selectors import count_recovery_codes, list_passkeys
from core.mfa.services.browsers import list_known_browsers


def register_own_parts() -> None:
    """Add factors and remembered browsers."""
    register_own_data("factors", "Your ways to sign in, without their secrets", _factors)
    register_own_data("remembered_browsers", "Remembered browsers", _browsers)


def _factors(user: User, _at: datetime) -> dict[str, object]:
    return {
        "proven": [
            {"kind": one.kind, "phone": one.phone, "since": one.verified_at.isoformat()}
            for one in Factor.objects.filter(user=user).order_by("verified_at")
        ],
        "passkeys": [
            {
                "name": one.name,
                "since": one.created_at.isoformat(),
                "last_used_at": one.last_used_at.isoformat() if one.last_used_at else None,
            }
            for one in list_passkeys(user.id)
        ],
        "recovery_codes_left": count_recovery_codes(user.id),
    }


def _browsers(user: User, at: datetime) -> list[dict[str, str]]:
    return [
        {
            "option": one.option,
            "host": one.host,
            "since": one.created_at.isoformat(),
            "until": one.expires_at.isoformat(),
        }
        for one in list_known_browsers(user, at=at)
    ]
