"""Confirm that people still need their roles, on behalf of an admin."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Coalesce

from core.audit.recording import record_all
from core.common.errors import DomainError
from core.groups.models import AccessConfirmation, Membership
from core.groups.permissions import Permission
from core.groups.policies import roles_reaching
from core.groups.reviewing.terms import in_contract, may_be_confirmed_by, with_terms
from core.groups.roles import any_may
from core.groups.services.holding import hold_groups
from core.groups.services.roles import ChangedMeanwhileError, happening_of
from tenants.context import ActiveContract


class OwnRoleError(DomainError):
    """An admin wanted to confirm their own role, and another one can."""

    code: ClassVar[str] = "own_role"
    message: ClassVar[str] = (
        "Nothing was confirmed. You do not confirm your own role: another administrator does."
    )


@dataclass(frozen=True)
class Term:
    """A role as a page showed it, and the moment from which its days were counted."""

    membership_id: UUID
    began_at: datetime


@transaction.atomic
def confirm_roles(
    *, terms: Sequence[Term], contract: ActiveContract, by: UUID, at: datetime
) -> int:
    """Confirm roles for a contract; their days begin anew. Returns how many.

    Called by Setup, which has loaded the roles through the admin's reach. All or none, but what
    somebody has confirmed since the page was shown is not confirmed twice. Records
    `membership.confirmed` for each. Raises ChangedMeanwhileError when a role has ended or is not
    the admin's any more, OwnRoleError.
    """
    keys = {term.membership_id for term in terms}
    found = Membership.objects.annotate(held_in=Coalesce("group_id", "provider__group_id"))
    hold_groups(found.filter(pk__in=keys).values_list("held_in", flat=True))
    held = _read(keys, contract, by=by, at=at)
    _require_managed(list(held.values()), keys, by=by)
    # A form that names a role twice confirms it once.
    named = dict.fromkeys(term.membership_id for term in terms if not _is_confirmed(held, term))
    wanted = [held[key] for key in named]
    AccessConfirmation.objects.bulk_create(
        AccessConfirmation(
            membership=one,
            contract_id=contract.id,
            term_began_at=one.term_began_at,
            confirmed_at=at,
            confirmed_by=by,
        )
        for one in wanted
    )
    record_all(
        [
            happening_of("confirmed", one, by=by, data={"role": one.role}, contract_id=contract.id)
            for one in wanted
        ],
        at=at,
    )
    return len(wanted)


def _read(keys: set[UUID], contract: ActiveContract, *, by: UUID, at: datetime) -> dict[UUID, Any]:
    rows = in_contract(Membership.objects.filter(Membership.OWN), contract.id)
    return (
        with_terms(rows.select_related("provider"), contract, at=at)
        .annotate(is_theirs=may_be_confirmed_by(by))
        .in_bulk(keys)
    )


def _require_managed(held: Sequence[Any], keys: set[UUID], *, by: UUID) -> None:
    own = list(Membership.objects.filter(user_id=by, user__is_active=True, until__isnull=True))
    managed = [
        one
        for one in held
        if any_may(
            roles_reaching(own, group_id=one.within, provider_id=one.provider_id),
            Permission.ACCESS_REVIEW,
            one.contract_id,
        )
    ]
    if len(managed) != len(keys):
        raise ChangedMeanwhileError
    if not all(one.is_theirs for one in held):
        raise OwnRoleError


def _is_confirmed(held: dict[UUID, Any], term: Term) -> bool:
    confirmed_at = held[term.membership_id].confirmed_at
    return confirmed_at is not None and confirmed_at > term.began_at
