"""Staff who came by invitation link the company sign-in to their account later.

Never by an address alone: whoever links has just proven password and factor here, and to the
provider who they are there; the verified address has to be the account's, too. Beside the provider
the account keeps password and factors, and what changes them goes on asking for both.
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from django.db import transaction

from core.accounts.models import ContractAccess, User
from core.accounts.services.accounts import end_sessions
from core.audit.recording import record
from core.common.errors import DomainError
from core.common.turns import hold_turn
from core.mfa.selectors import working_kinds
from core.staff.models import StaffIdentity
from core.staff.oidc.claims import Vouched
from core.staff.oidc.providers import StaffProvider, provider_of_issuer
from core.staff.selectors import find_identity, list_roles
from core.staff.services.desk import tell_of_act
from core.staff.services.members import end_role


class LinkRefusal(StrEnum):
    """Why a company sign-in is not linked."""

    OTHER_ADDRESS = "other_address"
    IDENTITY_TAKEN = "identity_taken"
    LINKED_ALREADY = "linked_already"
    OUT_OF_REACH = "out_of_reach"


class OnlyWayInError(DomainError):
    """The account has no password with a factor beside the provider."""

    code: ClassVar[str] = "only_way_in"
    message: ClassVar[str] = "Nothing else opens your account, so this sign-in stays linked."


class LastRoleError(DomainError):
    """Every staff role of the account comes from the provider's claims."""

    code: ClassVar[str] = "last_role"
    message: ClassVar[str] = (
        "Your staff roles all come from this sign-in; without it you would hold none. Have "
        "somebody who appoints staff invite you first."
    )


@transaction.atomic
def link_identity(*, user_id: UUID, person: Vouched, at: datetime) -> LinkRefusal | None:
    """Link whom a provider vouches for to the account that asked; returns why it does not.

    Called at the end of an exchange that the signed-in owner began after a fresh sign-in, when the
    provider has asked them anew. Like a new factor it ends all sessions of the account (the page
    carries its own on) and is told by mail. Records `staff_identity.linked`; refusals are recorded
    by the caller.
    """
    hold_turn("staff-identity", f"{person.issuer} {person.subject}")
    user = User.objects.select_for_update().get(pk=user_id)
    refusal = _why_not(user, person, at=at)
    if refusal is not None:
        return refusal
    StaffIdentity.objects.create(
        user=user, issuer=person.issuer, subject=person.subject, linked_at=at, last_used_at=at
    )
    record("staff_identity.linked", actor_id=user.id, subject=("account", user.id), at=at)
    end_sessions(user_id=user.id, reason="staff_identity_linked", by=user.id, at=at)
    tell_of_act(user.id, "identity_linked", at=at)
    return None


@transaction.atomic
def unlink_identity(*, user_id: UUID, issuer: str, reason: str, at: datetime) -> bool:
    """Take a provider's way into an account away; False when it is not linked any more.

    Called for the owner, after a fresh sign-in by password and factor. Roles that the provider's
    claims gave end, because nobody confirms them any longer. Like a factor that is taken away it
    ends all sessions (the page carries its own on) and is told by mail. Records
    `staff_identity.unlinked` with the reason. Raises OnlyWayInError, LastRoleError.
    """
    user = User.objects.select_for_update().get(pk=user_id)
    identity = StaffIdentity.objects.filter(user=user, issuer=issuer).first()
    if identity is None:
        return False
    has_password = user.has_usable_password() and not user.signs_in_elsewhere
    if not has_password or not working_kinds(user.id):
        raise OnlyWayInError
    held = list_roles(user.id, at=at)
    if not held.exclude(issuer=issuer).exists():
        raise LastRoleError
    for member in held.filter(issuer=issuer):
        end_role(member_id=member.id, reason="identity_unlinked", by=user.id, at=at)
    identity.delete()
    record(
        "staff_identity.unlinked",
        actor_id=user.id,
        subject=("account", user.id),
        data={"issuer": issuer, "reason": reason},
        at=at,
    )
    end_sessions(user_id=user.id, reason="staff_identity_unlinked", by=user.id, at=at)
    tell_of_act(user.id, "identity_unlinked", at=at)
    return True


def is_in_reach(user: User, provider: StaffProvider | None, *, at: datetime) -> bool:
    """Tell whether a provider may open an account: a state's own only what is all its state's.

    That is every staff role and every contract in which the account works; else a state's provider
    would vouch for somebody's work elsewhere.
    """
    if provider is None:
        return False
    if provider.is_companys:
        return True
    roles = set(list_roles(user.id, at=at).values_list("contract_id", flat=True))
    works = ContractAccess.objects.filter(user=user, until__isnull=True)
    return roles | set(works.values_list("contract_id", flat=True)) <= provider.contract_ids


def _why_not(user: User, person: Vouched, *, at: datetime) -> LinkRefusal | None:
    if find_identity(issuer=person.issuer, subject=person.subject) is not None:
        return LinkRefusal.IDENTITY_TAKEN
    if StaffIdentity.objects.filter(user=user, issuer=person.issuer).exists():
        return LinkRefusal.LINKED_ALREADY
    if person.email != user.email.lower() or user.signs_in_elsewhere:
        return LinkRefusal.OTHER_ADDRESS
    if not is_in_reach(user, provider_of_issuer(person.issuer), at=at):
        return LinkRefusal.OUT_OF_REACH
    return None
