"""The mails of registration: made when they are handed over, from what is true then."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Exists

from contracts.registration.kinds import (
    ADDRESS_CHANGED_KIND,
    CODE_KIND,
    CODE_REQUEST_KIND,
    JOIN_ASKED_KIND,
    LINK_KIND,
    NOTICE_KIND,
)
from contracts.registration.models import PendingRegistration
from contracts.registration.rules import group_code
from contracts.registration.selectors import local_date
from contracts.registration.services.asking import pass_on
from contracts.registration.services.code_requests import enqueue_codes
from contracts.registration.services.links import mint_token
from contracts.registration.states import OPEN
from contracts.roster.models import RosterEntry
from contracts.roster.services.codes import issue_codes
from core.accounts.selectors import email_is_taken
from core.groups.models import Provider
from core.notifications.composing import compose_mail
from core.notifications.kinds import MessageKind, Rendered, Weight, register_kind
from core.notifications.models import OutboxMessage
from core.notifications.selectors import newer_than
from core.notifications.senders import document_for
from tenants import registry
from tenants.configuration.deployment import DeploymentDocument
from tenants.configuration.document import ContractDocument
from tenants.configuration.revisions import day_in, zone_of
from tenants.context import ActiveContract, contract_context
from tenants.routing import absolute_reverse

EXISTING_ACCOUNT_TEMPLATE: Final = "registration_existing_account"


def register_kinds() -> None:
    """Make the kinds known to the outbox; called when the app is ready."""
    for name, prepare, weight in (
        (LINK_KIND, prepare_link, Weight.ASKED),
        (ADDRESS_CHANGED_KIND, prepare_address_changed, Weight.NOTICE),
        (NOTICE_KIND, prepare_notice, Weight.NOTICE),
        (CODE_REQUEST_KIND, prepare_code_request, Weight.ASKED),
        (CODE_KIND, prepare_code, Weight.ASKED),
        (JOIN_ASKED_KIND, prepare_join_asked, Weight.ASKED),
    ):
        register_kind(
            MessageKind(
                name=name, channel="email", at_most_once=False, prepare=prepare, weight=weight
            )
        )


def prepare_link(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Mint the link, or tell the owner of an account that the address has one already.

    None when the registration is over or moved to another address, when a newer mail was asked
    for, and when there never was one: Reset writes a row for unknown usernames, too.
    """
    pending = (
        PendingRegistration.objects.select_for_update()
        .filter(id=message.subject_id, state__in=OPEN, reserved_until__gt=at, email=message.to)
        .exclude(Exists(newer_than(message)))
        .first()
    )
    if pending is None:
        return None
    contract = _contract(message)
    if email_is_taken(pending.email):
        link = absolute_reverse(
            "registration:add_claimed",
            contract=contract,
            kwargs={"pending_id": pending.id},
            host=pending.host,
        )
        return _mail(
            EXISTING_ACCOUNT_TEMPLATE,
            message,
            contract.document,
            {"link": link, "ends_at": pending.reserved_until},
            link=link,
        )
    return _link_mail(message, pending, contract, at)


def _link_mail(
    message: OutboxMessage,
    pending: PendingRegistration,
    contract: ActiveContract,
    at: datetime,
) -> Rendered:
    minutes = contract.document.links.registration_minutes
    token = mint_token(pending=pending, life=timedelta(minutes=minutes), at=at)
    link = absolute_reverse(
        "registration:link", contract=contract, kwargs={"token": token}, host=pending.host
    )
    return _mail(
        LINK_KIND,
        message,
        contract.document,
        {
            "link": link,
            "minutes": minutes,
            "ends_at": pending.link_expires_at,
            "reset_url": absolute_reverse(
                "registration:reset", contract=contract, host=pending.host
            ),
            "username": pending.username,
        },
        link=link,
    )


def prepare_address_changed(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Tell the former address; it may be a stranger's, so the mail names nobody."""
    return _mail(ADDRESS_CHANGED_KIND, message, document_for(message.contract_id), {})


def prepare_notice(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Tell the address on file who registered the provider."""
    provider = Provider.objects.filter(id=message.subject_id).first()
    if provider is None:
        return None
    document = document_for(message.contract_id)
    registered_on = day_in(zone_of(document), provider.registered_at)
    return _mail(
        NOTICE_KIND, message, document, {"provider": provider, "registered_on": registered_on}
    )


def prepare_code_request(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Put a mail for each entry into the outbox; the request itself goes nowhere."""
    entries = [UUID(entry_id) for entry_id in message.context["entries"]]
    enqueue_codes(contract=_contract(message), entry_ids=entries, at=at)
    return None


def prepare_join_asked(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Pass on to the admins what somebody without an account asked; goes nowhere itself."""
    pass_on(offer_id=message.subject_id, at=at)
    return None


def prepare_code(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Issue a code for the entry and write it into the letter; None when the entry has gone."""
    contract = _contract(message)
    with contract_context(contract):
        entry = RosterEntry.objects.filter(
            id=message.subject_id, removed_at__isnull=True, notice_email=message.to
        ).first()
        if entry is None:
            return None
        # Whoever knows an NPI may ask: earlier codes, and registrations begun with them, go on.
        (issued,) = issue_codes(entries=[entry], by=None, at=at, revoke=False)
        context = {
            "code": group_code(issued.code),
            "valid_until": local_date(contract.document, issued.expires_at),
            "name": entry.name,
            "city": entry.city,
            "state": entry.state,
            "registration_url": absolute_reverse("registration:start", contract=contract),
        }
    return _mail(CODE_KIND, message, contract.document, context, code=group_code(issued.code))


def _mail(
    template: str,
    message: OutboxMessage,
    document: ContractDocument | DeploymentDocument,
    context: Mapping[str, object],
    *,
    link: str = "",
    code: str = "",
) -> Rendered:
    return compose_mail(message, template, context, document=document, link=link, code=code)


def _contract(message: OutboxMessage) -> ActiveContract:
    if message.contract_id is None:
        raise LookupError("A mail of registration belongs to a contract.")
    return registry.get_contract_by_id(message.contract_id)
