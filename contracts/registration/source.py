"""Pending registrations as a source of MFA registrations (core.mfa.registering.sources)."""

from datetime import datetime
from uuid import UUID

from contracts.registration.models import PendingRegistration
from contracts.registration.services.completion import complete_registration
from contracts.registration.services.links import resend_link
from contracts.registration.states import OPEN
from core.accounts.models import User
from core.mfa.registering.sources import CompletedRegistration, SourceDescription, SourceGoneError
from tenants import registry


class PendingRegistrationSource:
    """Tells MFA registration about a pending registration, and completes it."""

    def describe(self, source_id: UUID) -> SourceDescription:
        """Return whom the registration is for. Raises SourceGoneError when it is over."""
        pending = PendingRegistration.objects.filter(follow_id=source_id, state__in=OPEN).first()
        if pending is None:
            raise SourceGoneError
        contract = registry.get_contract_by_id(pending.contract_id)
        return SourceDescription(
            contract_id=contract.id,
            email=pending.email,
            first_name=pending.first_name,
            last_name=pending.last_name,
            username=pending.username,
            policy=contract.document,
            # Who registers a provider administers it.
            methods=contract.document.mfa.accepted_of(admin=True),
            counted_under=pending.id,
        )

    def complete(self, source_id: UUID, result: CompletedRegistration, *, at: datetime) -> User:
        """Make the account and all that belongs to it, in the completing transaction."""
        return complete_registration(
            follow_id=source_id,
            email=result.email,
            password_hash=result.password_hash,
            phone=result.phone or "",
            at=at,
        )

    def send_link(self, source_id: UUID, *, at: datetime) -> None:
        """Mail a new link to the address that was registered, within the limits of such mails."""
        pending = PendingRegistration.objects.filter(follow_id=source_id, state__in=OPEN).first()
        if pending is None:
            raise SourceGoneError
        resend_link(pending_id=pending.id, at=at)
