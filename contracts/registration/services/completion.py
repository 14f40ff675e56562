"""Complete a registration: its address and factor are proven, the account is made.

Where the contract has staff approve registrations it begins to wait for them here.
"""

from datetime import datetime
from uuid import UUID

from contracts.registration.kinds import LINK_KIND
from contracts.registration.models import PendingRegistration
from contracts.registration.services.approvals import await_approval, needs_approval
from contracts.registration.services.providers import Registrant, register_proven, terms_of
from contracts.registration.states import OPEN, RegistrationState, check_transition
from core.accounts.models import User
from core.accounts.services.accounts import create_account
from core.audit.recording import record
from core.mfa.registering.sources import SourceGoneError
from core.notifications.services.outbox import cancel_messages
from tenants import registry


def complete_registration(
    *, follow_id: UUID, email: str, password_hash: str, phone: str, at: datetime
) -> User:
    """Make the account, its group, the provider and the membership: all of it or nothing.

    Where the contract has staff approve registrations, the account alone, and what waits for them.

    Called by MFA registration inside its completing transaction, with the address that the person
    proved. `phone` is the proven number or empty; the one that was typed stays where none was
    proven. Records `registration.completed`, or what `await_approval` records. Raises
    SourceGoneError when the registration was released, corrected or completed meanwhile,
    EmailTakenError or UsernameTakenError when an account has the address or the username, and what
    `register_proven` raises.
    """
    pending = lock_followed(follow_id, at=at)
    contract = registry.get_contract_by_id(pending.contract_id)
    user = create_account(
        username=pending.username,
        email=email,
        first_name=pending.first_name,
        last_name=pending.last_name,
        password_hash=password_hash,
        phone=phone or pending.phone,
        fax=pending.fax,
        address_1=pending.address_1,
        address_2=pending.address_2,
        city=pending.city,
        state=pending.us_state,
        zip=pending.zip,
        by=None,
        at=at,
    )
    registrant = Registrant(user, None, terms_of(pending), registration_id=pending.id)
    if needs_approval(contract):
        await_approval(contract=contract, pending=pending, registrant=registrant, at=at)
    else:
        register_proven(contract=contract, unit=pending, registrant=registrant, at=at)
        _close(pending, user, at)
    return user


def lock_followed(follow_id: UUID, *, at: datetime) -> PendingRegistration:
    """Return the registration of one use of a link, locked. Raises SourceGoneError when it ended.

    A corrected address or a newer link that was followed takes the id away.
    """
    pending = (
        PendingRegistration.objects.select_for_update()
        .filter(follow_id=follow_id, state__in=OPEN, reserved_until__gt=at)
        .first()
    )
    if pending is None:
        raise SourceGoneError
    return pending


def _close(pending: PendingRegistration, user: User, at: datetime) -> None:
    check_transition(pending.state, RegistrationState.COMPLETED)
    pending.state = RegistrationState.COMPLETED
    pending.ended_at = at
    pending.account_id = user.id
    pending.token_digest = pending.key_version = pending.link_expires_at = None
    pending.save()
    cancel_messages(kind=LINK_KIND, subject_id=pending.id)
    record(
        "registration.completed",
        contract_id=pending.contract_id,
        actor_id=user.id,
        subject=("pending_registration", pending.id),
        at=at,
    )
