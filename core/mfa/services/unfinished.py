"""Help for people who began MFA registration and did not finish, or do not know their address."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from core.accounts.passwords.hashers import hash_gate
from core.accounts.passwords.rules import LONGEST_PASSWORD, normalize_password
from core.accounts.selectors import find_account_by_username
from core.accounts.services.locks import NOBODY
from core.accounts.services.throttle import (
    address_is_throttled,
    count_address_failure,
    hold_sign_in_turn,
)
from core.audit.recording import record
from core.common.ids import uuid7
from core.mfa.models import MfaRegistration
from core.notifications.services.outbox import enqueue

UNFINISHED_KIND: Final = "unfinished_registration"
REMINDER_KIND: Final = "address_reminder"
REMINDERS_PER_DAY: Final = 3
"""Own figure: mails about the address to one account, whoever asks."""
DAY: Final = timedelta(days=1)


def request_unfinished_link(*, email: str, password: str, address: str, at: datetime) -> bool:
    """Have a new link sent for an unfinished MFA registration; False when a network asks too often.

    Called by the help page for anybody, which answers the same whatever is found: `email` and
    `password` are those of the registration, and the link goes to the address that was registered.
    The same work is done in any case, one hash included; every request counts for the network
    address, and requests for one e-mail address are checked one after another. Records
    `mfa_registration.link_requested` with the true result. Raises HashingBusyError.
    """
    if address_is_throttled(address, at=at):
        return False
    with hash_gate.place(), transaction.atomic():
        hold_sign_in_turn(email)
        count_address_failure(address, at=at)
        found = _find_unfinished(email)
        matches = _matches(found, password)
        registration = found if matches else None
        enqueue(
            kind=UNFINISHED_KIND,
            to=registration.email if registration else NOBODY,
            subject_id=registration.id if registration else uuid7(),
            contract_id=registration.contract_id if registration else None,
            at=at,
        )
        record(
            "mfa_registration.link_requested",
            subject=("mfa_registration", found.id) if found else None,
            result="ok" if registration else "refused",
            at=at,
        )
    return True


@transaction.atomic
def remind_of_address(
    *, username: str, contract_id: UUID | None, address: str, at: datetime
) -> bool:
    """Mail the owner of a username which address the account has, to that address.

    Called by the help page for anybody; False when a network asks too often, else the same answer
    whatever is found. Records `account.address_reminded`.
    """
    if address_is_throttled(address, at=at):
        return False
    count_address_failure(address, at=at)
    user = find_account_by_username(username)
    enqueue(
        kind=REMINDER_KIND,
        to=user.email if user else NOBODY,
        subject_id=user.id if user else uuid7(),
        account_id=user.id if user else None,
        contract_id=contract_id,
        at=at,
    )
    record(
        "account.address_reminded",
        subject=("account", user.id) if user else None,
        result="ok" if user else "unknown",
        at=at,
    )
    return True


def _find_unfinished(email: str) -> MfaRegistration | None:
    unfinished = MfaRegistration.objects.filter(
        email=email.strip().lower(),
        email_verified_at__isnull=False,
        completed_at__isnull=True,
        closed_at__isnull=True,
    )
    return unfinished.exclude(password_hash="").order_by("-started_at").first()


def _matches(registration: MfaRegistration | None, password: str) -> bool:
    normal = normalize_password(password[:LONGEST_PASSWORD])
    if registration is None:
        make_password(normal)
        return False
    return check_password(normal, registration.password_hash) and len(password) <= LONGEST_PASSWORD
