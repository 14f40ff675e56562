"""`manage.py staff invite|list|end|providers`: the first operator, and everybody after."""

from argparse import ArgumentParser
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from core.accounts.selectors import find_account_by_email
from core.common import clock
from core.common.errors import DomainError
from core.staff.models import StaffRole
from core.staff.oidc.client import callback_url
from core.staff.oidc.providers import ProviderNotReadyError, list_providers
from core.staff.selectors import list_open_invitations, list_roles, list_staff
from core.staff.services.appointing import end_of_day
from core.staff.services.invitations import invite_staff, withdraw_invitation
from core.staff.services.members import end_role
from core.ui.fields import YEARS
from tenants import registry
from tenants.routing import absolute_url


class Command(BaseCommand):
    """Appoints staff from the command line; every use is audited."""

    help = "Invite staff, list them, end their roles."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        invite = actions.add_parser("invite", help="mail an invitation to a role")
        invite.add_argument("email", metavar="ADDRESS")
        invite.add_argument("--role", required=True, choices=_role_words())
        invite.add_argument("--contract", metavar="SLUG", help="where a contract admin works")
        invite.add_argument(
            "--until", metavar="DATE", help="last day of the role, such as 2027-06-30"
        )
        actions.add_parser("providers", help="identity providers, and the address to register")
        actions.add_parser("list", help="who holds which role, and who is invited")
        end = actions.add_parser("end", help="end the roles and invitations of an address")
        end.add_argument("email", metavar="ADDRESS")
        end.add_argument("--role", choices=_role_words(), help="only this one")
        end.add_argument("--reason", required=True, help="why; kept in the audit trail")

    def handle(self, *args: Any, **options: Any) -> None:
        match options["action"]:
            case "invite":
                self._invite(options)
            case "list":
                self._list()
            case "providers":
                self._providers()
            case "end":
                self._end(options)

    def _invite(self, options: dict[str, Any]) -> None:
        email = str(options["email"]).strip()
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError("This is not an e-mail address.") from error
        try:
            invite_staff(
                email=email,
                role=_role(options["role"]),
                contract_id=_contract_id(options["contract"]),
                until=_end_of(options["until"]),
                by=None,
                at=clock.now(),
            )
        except DomainError as refusal:
            raise CommandError(refusal.sentence) from refusal
        hours = registry.get_deployment().staff.links.invitation_hours
        self.stdout.write(f"An invitation is on its way to {email}. It works for {hours} hours.")
        if settings.PORTAL_LOCAL_HOSTS:
            outbox = absolute_url("/outbox/", contract=None)
            self.stdout.write(
                f"This portal is local: while it runs, the mail is on {outbox} "
                "(`make run` starts it; on another port the address has that port)."
            )

    def _list(self) -> None:
        at = clock.now()
        names = {contract.id: contract.slug for contract in registry.list_contracts()}
        for member in list_staff(at=at).select_related("user"):
            where = _where(member.contract_id, names)
            how = f"by {member.issuer}" if member.issuer else "invited"
            self.stdout.write(
                f"{member.user.email}  {StaffRole(member.role).label}, {where}, {how}, "
                f"since {member.granted_at:%Y-%m-%d}"
            )
        for invitation in list_open_invitations():
            where = _where(invitation.contract_id, names)
            self.stdout.write(
                f"{invitation.email}  {StaffRole(invitation.role).label}, {where}, "
                f"invited {invitation.invited_at:%Y-%m-%d}, not accepted yet"
            )

    def _providers(self) -> None:
        found = list_providers()
        if not found:
            self.stdout.write("The deployment's document describes no identity provider.")
        for provider in found:
            try:
                provider.secret()
                state = "is set"
            except ProviderNotReadyError:
                state = "is missing"
            self.stdout.write(
                f"{provider.name}  {provider.issuer}\n"
                f"  redirect address to register there: {callback_url(provider)}\n"
                f"  secret in {provider.document.secret_variable}: {state}"
            )
            for contract in provider.contracts:
                self.stdout.write(f"  signs staff into {contract.slug} alone")

    def _end(self, options: dict[str, Any]) -> None:
        reason = str(options["reason"]).strip()
        if not reason:
            raise CommandError("Give a reason: it is kept in the audit trail.")
        at, email = clock.now(), str(options["email"]).strip().lower()
        wanted = [_role(options["role"])] if options["role"] else list(StaffRole)
        user = find_account_by_email(email)
        ended = 0
        if user is not None:
            for member in list_roles(user.id, at=at).filter(role__in=wanted):
                ended += end_role(member_id=member.id, reason=reason, by=None, at=at)
        for invitation in list_open_invitations().filter(email=email, role__in=wanted):
            ended += withdraw_invitation(invitation_id=invitation.id, reason=reason, by=None, at=at)
        if not ended:
            raise CommandError("Nobody with this address holds such a role or is invited to one.")
        self.stdout.write(f"{ended} ended for {email}.")


def _role_words() -> list[str]:
    return [role.value.replace("_", "-") for role in StaffRole]


def _role(word: str) -> StaffRole:
    return StaffRole(word.replace("-", "_"))


def _contract_id(slug: str | None) -> UUID | None:
    if slug is None:
        return None
    contract = registry.find_contract(slug)
    if contract is None:
        raise CommandError(f"There is no contract {slug!r}.")
    return contract.id


def _end_of(day: str | None) -> datetime | None:
    """Return the end of a day in the deployment's time zone."""
    if day is None:
        return None
    try:
        last = date.fromisoformat(day)
    except ValueError as error:
        raise CommandError("Write the last day as 2027-06-30.") from error
    if last.year not in YEARS:
        raise CommandError(f"Name a day from {YEARS[0]} to {YEARS[-1]}.")
    return end_of_day(last)


def _where(contract_id: UUID | None, names: dict[UUID, str]) -> str:
    if contract_id is None:
        return "whole deployment"
    return names.get(contract_id, str(contract_id))
