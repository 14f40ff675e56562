"""Have a new registration code sent to the address that the roster has on file."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from contracts.registration.selectors import is_open, local_date
from contracts.registration.services.attempts import Allowance, Limit, count_attempt
from contracts.roster.models import RosterEntry
from core.audit.recording import record
from core.common.identifiers import normalize
from core.groups.selectors import unit_is_registered
from core.notifications.services.outbox import enqueue
from tenants.context import ActiveContract, contract_context

CODE_KIND: Final = "registration_code"

# Own figures. Codes for one identifier: a letter box may not be filled by strangers.
_PER_ADDRESS: Final = 10
_PER_IDENTIFIER: Final = 3
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_MOST_LOCATIONS: Final = 20


def request_code(
    *, contract: ActiveContract, identifier: str, address: str, at: datetime
) -> Allowance:
    """Mail a newly issued code to the address on file of each open entry of an identifier.

    Called by the public page *I do not have a code*, where the contract allows it; the page
    answers the same whatever is found. Counted per network address (which alone is told) and per
    identifier. The code is made when the mail is handed over. Records `code.requested` with the
    number of mails.
    """
    allowance = count_attempt(limits=[Limit("code.address", address, _PER_ADDRESS, _HOUR)], at=at)
    if not allowance.allowed:
        return allowance
    wanted = normalize(identifier)
    per_identifier = Limit("code.identifier", f"{contract.id}:{wanted}", _PER_IDENTIFIER, _DAY)
    if count_attempt(limits=[per_identifier], at=at).allowed:
        with contract_context(contract), transaction.atomic():
            entries = _reachable_entries(contract, wanted, at)
            _enqueue_codes(contract, entries, at)
    return allowance


def _reachable_entries(
    contract: ActiveContract, identifier: str, at: datetime
) -> Sequence[RosterEntry]:
    document = contract.document
    if not document.registration.code_to_address_on_file or not is_open(document, at):
        return []
    today = local_date(document, at)
    entries = RosterEntry.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=today),
        identifier=identifier,
        removed_at__isnull=True,
    ).exclude(notice_email="")
    by_location = document.registration.unit == "location"
    return [
        entry
        for entry in entries.order_by("id")[:_MOST_LOCATIONS]
        if not unit_is_registered(
            contract_id=contract.id, unit_key=str(entry.id) if by_location else entry.identifier
        )
    ]


def _enqueue_codes(contract: ActiveContract, entries: Sequence[RosterEntry], at: datetime) -> None:
    for entry in entries:
        enqueue(
            kind=CODE_KIND,
            to=entry.notice_email,
            subject_id=entry.id,
            contract_id=contract.id,
            not_after=at + _DAY,
            at=at,
        )
    record("code.requested", contract_id=contract.id, data={"mails": len(entries)}, at=at)
