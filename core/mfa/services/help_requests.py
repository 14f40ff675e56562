"""Requests to the help desk: open one, read it, close it.

Nothing here says whether an account exists: the same work is done and the same is answered for
every name; what the owner of an account is told is decided when the mail is handed over.
"""

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from core.accounts.models import User
from core.accounts.selectors import find_account_by_email, find_account_by_username
from core.accounts.services.locks import NOBODY
from core.accounts.services.throttle import record_refusal
from core.audit.recording import record
from core.common.crypto import keyed_digest, seal, unseal
from core.common.ids import uuid7
from core.common.networks import caller_of
from core.common.turns import hold_turn
from core.mfa.models import HelpKind, HelpRequest
from core.notifications.senders import document_for
from core.notifications.services.outbox import enqueue

DESK_KIND: Final = "help_request_desk"
OWNER_KIND: Final = "help_request_owner"
# Own figures: an office asks for a colleague now and then; one person does not ask all day.
PER_CALLER: Final = (10, timedelta(hours=1))
PER_NAME: Final = (3, timedelta(days=1))
MAILS_TO_OWNER: Final = (3, timedelta(days=1))
_SEAL = "help-request"
# Without letters and digits that are taken for each other on the phone.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_REFERENCE_LENGTH = 8


@dataclass(frozen=True)
class HelpFacts:
    """What the person typed. `account` is an e-mail address or a username, or nothing."""

    name: str
    account: str
    reach: str
    organization: str
    note: str = ""


@dataclass(frozen=True)
class HelpAnswer:
    """The request, or from when on the next one is possible."""

    request: HelpRequest | None
    retry_at: datetime | None = None


@transaction.atomic
def open_help_request(
    *,
    kind: HelpKind,
    facts: HelpFacts,
    contract_id: UUID | None,
    address: str,
    by: User | None,
    at: datetime,
) -> HelpAnswer:
    """Write a request down, tell the contact of the contract, and the account's owner.

    Called by the help pages for anybody; `address` is the network address, `by` whoever is signed
    in. Counted per network, and per name within a network: under the name alone a stranger would
    use up the requests of an account's owner, and people of one name those of each other. What is
    bounded wherever it comes from is the mail to the owner. Records `help_request.opened`, or
    `help_request.refused` when it is too often.
    """
    network = caller_of(address)
    caller = keyed_digest("help-caller", network)
    name = (facts.account or facts.name).strip().lower()
    named = keyed_digest("help-name", f"{network} {name}")
    hold_turn("help-request", "everybody")
    retry_at = _next_at(caller, named, at=at)
    if retry_at is not None:
        record_refusal("help_request.refused", result="too_many", data={"kind": kind.value}, at=at)
        return HelpAnswer(None, retry_at=retry_at)
    owner = by or _account_of(facts.account)
    is_told = not _told_often(owner, at=at)
    request_id = uuid7()
    request = HelpRequest.objects.create(
        id=request_id,
        reference=_new_reference(),
        kind=kind,
        contract_id=contract_id,
        account=owner,
        is_signed_in=by is not None,
        caller_digest=caller,
        named_digest=named,
        sealed_facts=seal(_SEAL, json.dumps(asdict(facts)).encode(), str(request_id)),
        requested_at=at,
    )
    _tell(request, owner if is_told else None, at=at)
    record(
        "help_request.opened",
        contract_id=contract_id,
        subject=("help_request", request.id),
        data={"kind": kind.value, "account": str(owner.id) if owner else None},
        at=at,
    )
    return HelpAnswer(request)


def facts_of(request: HelpRequest) -> HelpFacts:
    """Return what was typed; for staff who may see requests of the contract."""
    opened = unseal(_SEAL, bytes(request.sealed_facts), str(request.id))
    return HelpFacts(**json.loads(opened))


@transaction.atomic
def close_help_request(
    *, request_id: UUID, outcome: str, by: UUID, at: datetime
) -> HelpRequest | None:
    """Close a request with what came of it; None when somebody else has closed it already.

    Called by staff. Records `help_request.closed`, without the words of the outcome.
    """
    request = (
        HelpRequest.objects.select_for_update()
        .filter(pk=request_id, closed_at__isnull=True)
        .first()
    )
    if request is None:
        return None
    request.closed_at, request.closed_by, request.outcome = at, by, outcome.strip()
    request.save(update_fields=["closed_at", "closed_by", "outcome"])
    record(
        "help_request.closed",
        contract_id=request.contract_id,
        actor_id=by,
        subject=("help_request", request.id),
        data={"kind": request.kind},
        at=at,
    )
    return request


def _account_of(named: str) -> User | None:
    """Look for an address and for a username, both in any case."""
    by_email, by_username = find_account_by_email(named), find_account_by_username(named)
    return by_email or by_username


def _tell(request: HelpRequest, owner: User | None, *, at: datetime) -> None:
    document = document_for(request.contract_id)
    desk = next((contact.email for contact in document.support if contact.email), None)
    # The owner's mail is written down in any case, so that it takes no longer where there is one.
    enqueue(
        kind=OWNER_KIND,
        to=owner.email if owner else NOBODY,
        subject_id=request.id,
        account_id=owner.id if owner else None,
        contract_id=request.contract_id,
        at=at,
    )
    if desk:
        enqueue(
            kind=DESK_KIND,
            to=desk,
            subject_id=request.id,
            contract_id=request.contract_id,
            at=at,
        )


def _told_often(owner: User | None, *, at: datetime) -> bool:
    """Tell whether the owner has had enough mails; the same statement runs for nobody."""
    most, window = MAILS_TO_OWNER
    about = HelpRequest.objects.filter(account_id=owner.id if owner else uuid7())
    return about.filter(requested_at__gt=at - window).count() >= most


def _next_at(caller: bytes, named: bytes, *, at: datetime) -> datetime | None:
    counted = (
        (HelpRequest.objects.filter(caller_digest=caller), PER_CALLER),
        (HelpRequest.objects.filter(named_digest=named), PER_NAME),
    )
    waits = []
    for requests, (most, window) in counted:
        recent = requests.filter(requested_at__gt=at - window).order_by("-requested_at")
        moments = list(recent.values_list("requested_at", flat=True)[:most])
        if len(moments) == most:
            waits.append(moments[-1] + window)
    return max(waits, default=None)


def _new_reference() -> str:
    drawn = "".join(secrets.choice(_ALPHABET) for _place in range(_REFERENCE_LENGTH))
    return f"{drawn[:4]}-{drawn[4:]}"
