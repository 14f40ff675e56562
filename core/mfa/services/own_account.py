"""The source of accounts that exist already and have no factor."""

from datetime import datetime
from uuid import UUID

from core.accounts.models import User
from core.accounts.policies import effective_policy
from core.accounts.services.accounts import set_credentials
from core.common.context import current_context
from core.mfa.models import Factor, LinkReason
from core.mfa.registering.sources import CompletedRegistration, SourceDescription, SourceGoneError
from core.mfa.services.registration_links import enqueue_account_link
from tenants.configuration.policy import Method

_IN_ORDER: tuple[Method, ...] = ("phone", "email", "totp", "passkey")


class AccountSource:
    """Lets an account register a factor; its password is set anew, the old one stops working."""

    def describe(self, source_id: UUID) -> SourceDescription:
        """Describe an active account. Raises SourceGoneError."""
        user = User.objects.filter(pk=source_id, is_active=True).first()
        if user is None or user.signs_in_elsewhere:
            raise SourceGoneError
        policy = effective_policy(user.id)
        return SourceDescription(
            contract_id=None,
            email=user.email,
            # Only who has proven an address gets to set a password; an import brings none of ours.
            email_was_proven=user.has_usable_password(),
            first_name=user.first_name,
            last_name=user.last_name,
            username=user.username,
            policy=policy,
            methods=tuple(method for method in _IN_ORDER if method in policy.any_methods),
            account_id=user.id,
            account_epoch=user.security_epoch,
        )

    def complete(self, source_id: UUID, result: CompletedRegistration, *, at: datetime) -> User:
        """Set password and address; a lock that closed meanwhile stays closed.

        Of two registrations begun side by side the second finds a factor and is refused, or
        whoever knew the old password could replace what the owner has just proven. Raises
        EmailTakenError, SourceGoneError.
        """
        user = User.objects.select_for_update().filter(pk=source_id, is_active=True).first()
        if user is None or user.is_locked(at) or user.security_epoch != result.account_epoch:
            raise SourceGoneError
        if Factor.objects.filter(user=user).exists():
            raise SourceGoneError
        return set_credentials(
            user_id=source_id,
            email=result.email,
            password_hash=result.password_hash,
            contract_id=current_context().contract_id,
            by=source_id,
            at=at,
        )

    def send_link(self, source_id: UUID, *, at: datetime) -> None:
        """Mail the account a link that begins its registration anew."""
        user = User.objects.filter(pk=source_id, is_active=True).first()
        if user is None:
            raise SourceGoneError
        enqueue_account_link(
            user=user,
            reason=LinkReason.REQUESTED,
            contract_id=current_context().contract_id,
            at=at,
        )
