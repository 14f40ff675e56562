"""The mails about offices: the link of a registration, and what becomes of their access."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.accounts.models import User
from core.accounts.policies import find_contract, site_policy
from core.accounts.selectors import email_is_taken
from core.groups.grant_days import last_day_of
from core.groups.models import AccessGrant, OfficeRegistration
from core.groups.offices import contract_name
from core.groups.roles import role_name
from core.groups.services.grant_mails import GRANT_KIND, OFFICE
from core.groups.services.office_registrations import LINK_KIND, mint_link
from core.notifications.composing import compose_mail
from core.notifications.kinds import MessageKind, Rendered, Weight
from core.notifications.models import OutboxMessage
from core.notifications.selectors import newer_than
from tenants.routing import absolute_reverse


@dataclass(frozen=True)
class GrantMail:
    """What the mails about one thing say to either side."""

    heading: str
    to_office: str
    to_provider: str


_MAILS: Final = {
    "given": GrantMail(
        "Access to {provider}",
        "Your office can work for {provider} ({program}, {provider_place}) through {last_day}, as "
        "{role}. Choose who of your people does.",
        "{who} has given {office} ({office_place}) access to {provider} through {last_day}, as "
        "{role}. The office chooses who of its people works for you; you see them, and can end it "
        "at any time.",
    ),
    "changed": GrantMail(
        "Access to {provider} has changed",
        "Your office's access to {provider} ({program}, {provider_place}) is as {role} through "
        "{last_day} now.",
        "The access of {office} ({office_place}) to {provider} is as {role} through {last_day} "
        "now. {who} has changed it.",
    ),
    "reminder": GrantMail(
        "Access to {provider} ends after {last_day}",
        "Your office's access to {provider} ({program}, {provider_place}) ends after {last_day}. "
        "If you go on working for it, ask the provider for another end date.",
        "The access of {office} ({office_place}) to {provider} ends after {last_day}. If the "
        "office goes on working for you, choose another end date; otherwise do nothing.",
    ),
    "ended": GrantMail(
        "Access to {provider} has ended",
        "Your office's access to {provider} ({program}, {provider_place}) has ended, and with it "
        "the roles of your people there. {why}.",
        "The access of {office} ({office_place}) to {provider} has ended, and with it the roles of "
        "its people. {why}.",
    ),
}


def prepare_link(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Mint the link; None when the registration is over, or a newer mail was asked for."""
    found = (
        OfficeRegistration.objects.select_for_update(of=("self",))
        .filter(OfficeRegistration.OPEN, pk=message.subject_id)
        .first()
    )
    if found is None or newer_than(message).exists():
        return None
    minutes = site_policy(None).links.registration_minutes
    token = mint_link(registration=found, life=timedelta(minutes=minutes), at=at)
    kwargs = {"token": token}
    link = absolute_reverse("offices:link", contract=None, kwargs=kwargs, host=found.host)
    context = {
        "first_name": found.first_name,
        "office": found.name,
        "has_account": email_is_taken(found.email),
        "link": link,
        "minutes": minutes,
        "ends_at": found.link_expires_at,
    }
    return compose_mail(message, LINK_KIND, context, link=link)


def prepare_grant_notice(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Tell an admin of either side what became of access, as it was then.

    The office reads of the provider its name, program and place, and never who acted there.
    """
    grants = AccessGrant.objects.select_related("provider", "office__group")
    grant = grants.filter(pk=message.subject_id).first()
    user = User.objects.filter(pk=str(message.account_id), is_active=True).first()
    if grant is None or user is None:
        return None
    facts = message.context
    mail = _MAILS[str(facts["what"])]
    is_office = facts["side"] == OFFICE
    grant.until = datetime.fromisoformat(str(facts["until"]))
    words = {
        "provider": grant.provider.name,
        "program": contract_name(grant),
        "provider_place": f"{grant.provider.city}, {grant.provider.state}",
        "office": grant.office.name,
        "office_place": grant.office.place,
        "role": role_name(str(facts["role"]), grant.provider.contract_id),
        "last_day": f"{last_day_of(grant):%B %-d, %Y}",
        "why": grant.get_end_display() if grant.end else "",
        "who": "" if is_office else _name_of(str(facts["by"])),
    }
    page = "offices:grant" if is_office else "setup:third_party"
    contract = find_contract(message.contract_id) if message.contract_id else None
    context = {
        "user": user,
        "heading": mail.heading.format(**words),
        "sentence": (mail.to_office if is_office else mail.to_provider).format(**words),
        "link": absolute_reverse(page, contract=contract, kwargs={"grant_id": grant.id}),
        "button": "Look at the access",
        "happened_at": datetime.fromisoformat(str(facts["happened_at"])),
    }
    return compose_mail(message, GRANT_KIND, context)


def _name_of(account: str) -> str:
    admin = User.objects.filter(pk=UUID(account)).first() if account else None
    return admin.get_full_name() if admin else "Somebody"


KINDS = (
    MessageKind(name=LINK_KIND, channel="email", at_most_once=False, prepare=prepare_link),
    MessageKind(
        name=GRANT_KIND,
        channel="email",
        at_most_once=False,
        prepare=prepare_grant_notice,
        weight=Weight.NOTICE,
    ),
)
