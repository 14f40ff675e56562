"""What happened around an account, for its owner to read: from its audit events."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from core.accounts.sessions.own import methods_in_words
from core.audit.models import AuditEvent
from core.common.masking import mask_address

PAGE_SIZE: Final = 25

# By type of event, and where it matters by its result; "" is any other result.
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "account.created": {"": "Account made"},
    "account.credentials_set": {"": "Registered ways to sign in, and a new password"},
    "account.deactivated": {"": "Account closed"},
    "account.details_changed": {"": "Name, address, phone or fax changed"},
    "account.data_downloaded": {"": "Own data downloaded"},
    "account.email_changed": {"": "E-mail address changed"},
    "account.inactivity_warned": {"": "Warned that the account is not used"},
    "account.locked": {"": "Account locked after too many failures"},
    "account.password_changed": {"": "Password changed"},
    "account.phone_changed": {"": "Phone number for sign-in changed"},
    "account.password_closed": {"": "Company sign-in took the place of the password"},
    "account.reactivated": {"": "Account opened again"},
    "account.registration_reset": {"": "Registration reset"},
    "account.sessions_ended": {"": "Signed out everywhere"},
    "account.unlocked": {"": "Account unlocked", "was_open": "Failures forgotten"},
    "challenge.failed": {
        "": "Wrong code",
        "expired": "Code that had run out",
        "locked": "Code while the account was locked",
    },
    "factor.added": {"": "Way to sign in added"},
    "factor.removed": {"": "Way to sign in removed"},
    "password_reset.completed": {"": "New password after Forgot password"},
    "password_reset.requested": {"": "Way to a new password sent by the help desk"},
    "password_reset.started": {"": "Forgot password begun"},
    "recovery_codes.issued": {"": "New recovery codes made"},
    "session.began_remembered": {"": "Signed in by a remembered browser"},
    "session.confirmed": {"": "Password and factor confirmed again"},
    "session.ended": {"": "Signed out"},
    "sign_in.completed": {"": "Signed in"},
    "sign_in.refused": {
        "": "Sign-in refused",
        "wrong_password": "Wrong password",
        "locked": "Sign-in while the account was locked",
        "inactive": "Sign-in while the account was closed",
    },
    "staff_identity.linked": {"": "Company sign-in linked"},
    "staff_role.ended": {"": "Staff role ended"},
    "staff_role.granted": {"": "Staff role given"},
}
_ENDINGS: Final = {
    "signed_out": "by Sign out",
    "signed_in_anew": "by another sign-in on the same browser",
    "ended_by_owner": "from another browser",
    "idle": "nothing happened for a while",
    "too_old": "the longest time was over",
    "locked": "the account was locked",
    "account_changed": "something about the account changed",
    "policy_changed": "a program changed its rules",
}


@dataclass(frozen=True)
class HistoryEntry:
    """One line: when (UTC), what in words, how, and from roughly where."""

    at: datetime
    what: str
    detail: str
    place: str
    is_failure: bool


def list_history(user_id: UUID, *, page: int) -> tuple[list[HistoryEntry], bool]:
    """Return a page of an account's history, newest first, and whether an older page follows.

    Pages count from 1. Successes, failures, locks, resets and changes; not what others did with
    the account's providers.
    """
    start = (page - 1) * PAGE_SIZE
    found = list(events_of(user_id)[start : start + PAGE_SIZE + 1])
    return [entry_of(event) for event in found[:PAGE_SIZE]], len(found) > PAGE_SIZE


def events_of(user_id: UUID) -> QuerySet[AuditEvent]:
    """Return the audit events that an owner may read about the account, newest first."""
    return AuditEvent.objects.filter(
        subject_type="account", subject_id=user_id, event_type__in=list(_WORDS)
    ).order_by("-at", "-id")


def exported_history(user_id: UUID) -> Iterable[dict[str, str]]:
    """Return the whole history as plain values, for the download of one's own data."""
    for event in events_of(user_id).iterator(chunk_size=500):
        entry = entry_of(event)
        yield {
            "at": entry.at.isoformat(),
            "event": event.event_type,
            "result": event.result,
            "what": entry.what,
            "detail": entry.detail,
            "from": entry.place,
        }


def entry_of(event: AuditEvent) -> HistoryEntry:
    """Return an event about an account in words; one without words of its own by its name."""
    name = event.event_type.replace("_", " ").replace(".", " ").capitalize()
    words = _WORDS.get(event.event_type, {"": name})
    return HistoryEntry(
        at=event.at,
        what=words.get(event.result, words[""]),
        detail=_detail(event),
        place=mask_address(event.remote_address),
        is_failure=event.event_type in {"sign_in.refused", "challenge.failed", "account.locked"},
    )


def _detail(event: AuditEvent) -> str:
    data = event.data
    if isinstance(data.get("methods"), list):
        return methods_in_words([str(name) for name in data["methods"]])
    if event.event_type == "session.ended":
        return _ENDINGS.get(str(data.get("reason")), "")
    if event.event_type.startswith("factor."):
        return {"totp": "authenticator app", "passkey": "passkey", "phone": "phone"}.get(
            str(data.get("kind")), ""
        )
    return ""
