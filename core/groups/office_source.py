"""Registrations of offices as a source of MFA registrations (core.mfa.registering.sources)."""

from datetime import datetime
from uuid import UUID

from core.accounts.models import User, register_account_fact
from core.accounts.policies import policy_of, site_policy
from core.accounts.selectors import register_username_source
from core.accounts.services.accounts import create_account
from core.groups.offices import WORKS_FACT, office_fact
from core.groups.services.office_registrations import (
    LINK_KIND,
    SOURCE_KIND,
    find_office_target,
    finish,
    hold_by_follow,
    list_open_registrations,
)
from core.mfa.registering.link_requests import register_link_finder
from core.mfa.registering.sources import (
    CompletedRegistration,
    SourceDescription,
    SourceGoneError,
    register_source,
)
from core.notifications.services.outbox import enqueue


class OfficeRegistrationSource:
    """Makes the account of somebody who registers an office."""

    def describe(self, source_id: UUID) -> SourceDescription:
        """Return who registers, under the deployment's own policy. Raises SourceGoneError."""
        found = list_open_registrations().filter(follow_id=source_id).first()
        if found is None:
            raise SourceGoneError
        return SourceDescription(
            contract_id=None,
            email=found.email,
            first_name=found.first_name,
            last_name=found.last_name,
            username=found.username,
            policy=policy_of([]),
            methods=site_policy(None).mfa.accepted_of(admin=True),
            counted_under=found.id,
        )

    def complete(self, source_id: UUID, result: CompletedRegistration, *, at: datetime) -> User:
        """Make the account and its office, in the completing transaction.

        Raises SourceGoneError, UsernameTakenError, EmailTakenError.
        """
        found = hold_by_follow(source_id)
        if found is None:
            raise SourceGoneError
        user = create_account(
            username=found.username,
            email=result.email,
            first_name=found.first_name,
            last_name=found.last_name,
            password_hash=result.password_hash,
            phone=result.phone or "",
            by=None,
            at=at,
        )
        finish(found, user, at=at)
        return User.objects.get(pk=user.pk)

    def send_link(self, source_id: UUID, *, at: datetime) -> None:
        """Mail a new link to the registered address, in the caller's transaction."""
        found = hold_by_follow(source_id)
        if found is None:
            raise SourceGoneError
        enqueue(kind=LINK_KIND, to=found.email, subject_id=found.id, contract_id=None, at=at)


def register_offices() -> None:
    """Make offices known to accounts and to MFA registration; called in `ready()`."""
    register_username_source(list_open_registrations)
    register_source(SOURCE_KIND, OfficeRegistrationSource())
    register_link_finder(find_office_target)
    register_account_fact(WORKS_FACT, office_fact)
