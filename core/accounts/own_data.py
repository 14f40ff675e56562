"""The download of one's own data: each app adds what it holds about the account."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from core.accounts.history import exported_history
from core.accounts.models import ContractAccess, User
from core.accounts.policies import find_contract
from core.accounts.sessions.own import list_own_sessions

Part = Callable[[User, datetime], Any]
_FIELDS: Final = (
    "username",
    "email",
    "first_name",
    "last_name",
    "address_1",
    "address_2",
    "city",
    "state",
    "zip",
    "phone",
    "fax",
)


@dataclass(frozen=True)
class _Named:
    label: str
    collect: Part


_parts: dict[str, _Named] = {}


def register_own_data(name: str, label: str, collect: Part) -> None:
    """Add a part of the download: its name in the file, what it is in words, and how to read it.

    `collect` gets the account and the moment, and returns plain values without any secret. Called
    in `ready()` of the app that holds the data.
    """
    _parts[name] = _Named(label, collect)


def list_own_data() -> list[str]:
    """Return what the download holds, in words."""
    return [part.label for part in _parts.values()]


def collect_own_data(user: User, *, at: datetime) -> dict[str, Any]:
    """Return everything that the portal holds about an account, as plain values."""
    return {name: part.collect(user, at) for name, part in _parts.items()}


def _account(user: User, _at: datetime) -> dict[str, Any]:
    programs = ContractAccess.objects.filter(user=user).order_by("since")
    return {
        **{name: getattr(user, name) for name in _FIELDS},
        "made_at": user.created_at.isoformat(),
        "last_used_at": user.last_used_at.isoformat() if user.last_used_at else None,
        "programs": [
            {
                "program": contract.name if (contract := find_contract(one.contract_id)) else "",
                "since": one.since.isoformat(),
                "until": one.until.isoformat() if one.until else None,
            }
            for one in programs
        ],
    }


def _sessions(user: User, at: datetime) -> list[dict[str, str]]:
    return [
        {
            "host": one.host,
            "browser": one.browser,
            "from": one.place,
            "began_at": one.began_at.isoformat(),
            "seen_at": one.seen_at.isoformat(),
            "by": one.methods,
        }
        for one in list_own_sessions(user, this=None, at=at)
    ]


def register_own_parts() -> None:
    """Add what core.accounts holds."""
    register_own_data("account", "Your account: name, address, phone, programs", _account)
    register_own_data("sessions", "Where you are signed in", _sessions)
    register_own_data(
        "history",
        "What happened: sign-ins, failures, locks, resets, changes",
        lambda user, _at: list(exported_history(user.id)),
    )
