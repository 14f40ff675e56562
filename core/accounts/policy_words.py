"""The policy of an account in words: each value with its unit, and which program it comes from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from core.accounts.policies import STAFF
from tenants.configuration.merge import MergedPolicy, value_of

_PASSWORD_CLASSES: Final = {
    "upper": "upper-case letter",
    "lower": "lower-case letter",
    "digit": "number",
    "special": "special character",
}
_METHODS: Final = {
    "phone": "text or call to a phone",
    "email": "code by e-mail",
    "totp": "authenticator app",
    "passkey": "passkey or security key",
}
_VOICE: Final = {
    "press_pound": "pressing # in the call",
    "digits_on_screen": "keying in the digits that the page shows",
}


def counted(number: int, unit: str) -> str:
    """Return `1 minute`, `15 minutes`; `unit` is the plural."""
    return f"{number} {unit.removesuffix('s') if number == 1 else unit}"


def _count(unit: str) -> Callable[[Any], str]:
    return lambda value: counted(value, unit)


def _seconds(value: int) -> str:
    minutes, rest = divmod(value, 60)
    return counted(value, "seconds") if rest or not minutes else counted(minutes, "minutes")


def _minutes_or(words: str) -> Callable[[int | None], str]:
    return lambda value: words if value is None else counted(value, "minutes")


def _classes(value: tuple[str, ...]) -> str:
    return ", ".join(_PASSWORD_CLASSES[name] for name in value) or "no particular kinds"


def _days_before(value: tuple[int, ...]) -> str:
    if not value:
        return "none"
    days = [str(day) for day in value]
    return "after " + " and ".join([", ".join(days[:-1]), days[-1]] if days[1:] else days) + " days"


def _remember(value: int) -> str:
    return counted(value, "hours") if value else "not offered"


@dataclass(frozen=True)
class _Entry:
    label: str
    say: Callable[[Any], str]


WORDS: Final[Mapping[str, Mapping[str, _Entry]]] = {
    "Password": {
        "accounts.password_min_length": _Entry("Shortest password", _count("characters")),
        "accounts.password_classes": _Entry("It must have each of", _classes),
    },
    "Lock": {
        "accounts.lock_failures": _Entry("Failures that lock the account", _count("failures")),
        "accounts.lock_window_minutes": _Entry(
            "Failures count together within", _minutes_or("all since the last sign-in")
        ),
        "accounts.lock_hold_minutes": _Entry(
            "A lock holds", _minutes_or("until somebody unlocks the account")
        ),
    },
    "Account that nobody uses": {
        "accounts.inactivity_days": _Entry("It is closed after", _count("days")),
        "accounts.inactivity_warn_days": _Entry("You are warned by mail", _days_before),
    },
    "Codes": {
        "mfa.email_code_seconds": _Entry("A code by e-mail at sign-in works for", _seconds),
        "mfa.verify_email_code_seconds": _Entry(
            "A code that proves an address works for", _seconds
        ),
        "mfa.sms_code_seconds": _Entry("A code by text works for", _seconds),
        "mfa.voice_code_seconds": _Entry("A call can be answered for", _seconds),
        "mfa.attempts": _Entry("Wrong codes that are allowed", _count("attempts")),
        "mfa.voice_confirmation": _Entry("A call is confirmed by", _VOICE.__getitem__),
    },
    "Sessions": {
        "mfa.remember_hours": _Entry("A browser is remembered for", _remember),
        "sessions.idle_minutes": _Entry("Signed out without activity after", _count("minutes")),
        "sessions.absolute_hours": _Entry("Signed out in any case after", _count("hours")),
        "sessions.warning_seconds": _Entry("Warned before that", _seconds),
    },
    "Links in mails": {
        "links.registration_minutes": _Entry("A registration link works for", _count("minutes")),
        "links.invitation_hours": _Entry("An invitation works for", _count("hours")),
        "links.reset_minutes": _Entry("A password reset lasts", _count("minutes")),
        "links.reset_registration_hours": _Entry(
            "A new registration link works for", _count("hours")
        ),
        "links.reservation_hours": _Entry("A registration is held for", _count("hours")),
    },
}
"""Every field that merges has its words here, by the headings of the page."""


@dataclass(frozen=True)
class PolicyRow:
    """One value: what it is, what it is now, and the programs that ask for it."""

    label: str
    value: str
    origins: tuple[str, ...]


_PORTAL: Final = "The portal"
_STAFF: Final = "The portal, for its staff"


def policy_in_words(
    policy: MergedPolicy, names: Mapping[str, str]
) -> list[tuple[str, list[PolicyRow]]]:
    """Return the page's sections with their rows; `names` are the programs' names by slug.

    A slug without a name is the portal's own rule, which holds for an account without a program.
    """
    return [
        (
            heading,
            [
                PolicyRow(
                    entry.label, entry.say(value_of(policy, field)), _origins(policy, field, names)
                )
                for field, entry in entries.items()
            ],
        )
        for heading, entries in WORDS.items()
    ]


def methods_accepted(policy: MergedPolicy, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return, for each program, the ways to sign in that it accepts, in words."""
    return [
        (_name(slug, names), ", ".join(_METHODS[name] for name in methods))
        for slug, methods in sorted(policy.methods.items())
    ]


def _origins(policy: MergedPolicy, field: str, names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(_name(slug, names) for slug in policy.origin(field))


def _name(slug: str, names: Mapping[str, str]) -> str:
    return names.get(slug) or (_STAFF if slug == STAFF else _PORTAL)
