"""How long what an identity provider said of somebody is believed, where nobody asks it again.

A session through a provider ends within hours, and the next sign-in follows what it says. A token
of the API needs no sign-in, and whoever has linked the provider beside a password need not take it:
without a bound both would outlive their holder's place in the company (ADR 0048).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.accounts.models import User
from core.common.compiled import CompiledQuery
from core.staff.models import StaffIdentity, StaffMember
from core.staff.oidc.providers import provider_of_issuer
from core.staff.scope import StaffActor, find_staff

_IDENTITIES: CompiledQuery[StaffIdentity] = CompiledQuery(
    lambda user_id: StaffIdentity.objects.filter(user_id=user_id)
)


@dataclass(frozen=True)
class Vouching:
    """Which roles of somebody count where they have not signed in just now."""

    staff: StaffActor | None
    """With the roles that count; None: none does, or there is none."""
    until: datetime | None
    """When the first of them sleeps, too; None: they rest on no provider."""
    asleep: tuple[StaffMember, ...]
    """Those that do not count until their holder signs in through the provider again."""


def vouching_for(staff: StaffActor, *, at: datetime) -> Vouching:
    """Return which roles count, and until when: a role by claims for the hours of its provider.

    They begin with the last sign-in through it (`identity_providers.trust_hours` of the
    deployment's document). Roles by invitation count as they are, without a statement.
    """
    if not any(role.issuer for role in staff.roles):
        return Vouching(staff, None, asleep=())
    ends = {one.issuer: _end(one) for one in _IDENTITIES.all(user_id=staff.user.pk)}
    roles = tuple(one for one in staff.roles if not one.issuer or at < ends.get(one.issuer, at))
    return Vouching(
        replace(staff, roles=roles) if roles else None,
        min((ends[role.issuer] for role in roles if role.issuer), default=None),
        asleep=tuple(one for one in staff.roles if one not in roles),
    )


def vouching_of(user: User, *, at: datetime) -> Vouching:
    """Return the same of an account, with all its roles."""
    staff = find_staff(user, at=at)
    return vouching_for(staff, at=at) if staff else Vouching(None, None, asleep=())


def _end(identity: StaffIdentity) -> datetime:
    provider = provider_of_issuer(identity.issuer)
    hours = provider.document.trust_hours if provider else 0
    return identity.last_used_at + timedelta(hours=hours)
