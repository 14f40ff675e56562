"""Have a new registration code sent to the address that the roster has on file."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from contracts.registration.kinds import CODE_KIND, CODE_REQUEST_KIND, NOBODY
from contracts.registration.selectors import is_open, local_date
from contracts.registration.units import unit_key_of
from contracts.roster.models import RosterEntry
from core.accounts.services.attempts import THROTTLED, Allowance, Limit, count_attempt
from core.audit.recording import record
from core.common.identifiers import normalize
from core.common.ids import uuid7
from core.groups.selectors import unit_is_registered
from core.notifications.services.outbox import enqueue
from tenants.context import ActiveContract, contract_context

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
    answers the same whatever is found, after the same work: one row in the outbox, from which the
    mails are made later (`enqueue_codes`). Counted per network address (which alone is told) and
    per identifier. Records `code.requested` with the number of entries, refused ones as
    `throttled`.
    """
    allowance = count_attempt(limits=[Limit("code.address", address, _PER_ADDRESS, _HOUR)], at=at)
    if not allowance.allowed:
        with transaction.atomic():
            _record(contract, THROTTLED, {"limit": "address"}, at)
        return allowance
    wanted = normalize(identifier)
    per_identifier = Limit("code.identifier", f"{contract.id}:{wanted}", _PER_IDENTIFIER, _DAY)
    counted = count_attempt(limits=[per_identifier], at=at)
    with contract_context(contract), transaction.atomic():
        found = _find_entries(contract, wanted, at)
        if counted.allowed:
            enqueue(
                kind=CODE_REQUEST_KIND,
                to=NOBODY,
                subject_id=uuid7(),
                contract_id=contract.id,
                context={"entries": [str(entry_id) for entry_id in found]},
                not_after=at + _DAY,
                at=at,
            )
        _record(contract, "ok" if counted.allowed else THROTTLED, {"entries": len(found)}, at)
    return allowance


def _find_entries(contract: ActiveContract, identifier: str, at: datetime) -> Sequence[UUID]:
    document = contract.document
    if not document.registration.code_to_address_on_file or not is_open(document, at):
        return []
    today = local_date(document, at)
    entries = RosterEntry.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=today),
        identifier=identifier,
        removed_at__isnull=True,
    ).exclude(notice_email="")
    return list(entries.order_by("id").values_list("id", flat=True)[:_MOST_LOCATIONS])


def enqueue_codes(*, contract: ActiveContract, entry_ids: Sequence[UUID], at: datetime) -> None:
    """Put a mail with a new code into the outbox for each entry that is not registered yet.

    Called when a request is worked off, in the transaction of its delivery. The code is made when
    the mail is handed over.
    """
    with contract_context(contract):
        entries = RosterEntry.objects.filter(id__in=entry_ids, removed_at__isnull=True)
        for entry in entries.exclude(notice_email="").order_by("id"):
            if not unit_is_registered(contract_id=contract.id, unit_key=_unit_key(contract, entry)):
                enqueue(
                    kind=CODE_KIND,
                    to=entry.notice_email,
                    subject_id=entry.id,
                    contract_id=contract.id,
                    not_after=at + _DAY,
                    at=at,
                )


def _unit_key(contract: ActiveContract, entry: RosterEntry) -> str:
    return unit_key_of(
        contract.document, entry_id=entry.id, identifier=entry.identifier, code=entry.code
    )


def _record(
    contract: ActiveContract, result: str, data: Mapping[str, object], at: datetime
) -> None:
    record("code.requested", contract_id=contract.id, result=result, data=data, at=at)
