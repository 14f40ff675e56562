"""Offices: third parties that work for providers of others. Made, given another code, closed."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from core.accounts.models import User
from core.accounts.services.attempts import Limit, count_attempt
from core.audit.recording import record
from core.common.errors import DomainError
from core.groups.models import GrantEnd, Invitation, Membership, Office, ProviderGroup, Role
from core.groups.office_codes import new_code
from core.groups.services.grant_ends import end_grants
from core.groups.services.holding import hold_group, keep_an_admin
from core.groups.services.role_mails import RoleStep, sign_out_of_other_roles, tell_of_roles
from core.groups.services.roles import ChangedMeanwhileError, end_memberships, record_change

OFFICES_A_DAY: Final = 3
"""Own figure: nobody runs more, and each name stands before a provider's admin who trusts it."""
MOST_OFFICES: Final = 10
"""Own figure, for one account."""


class TooManyOfficesError(DomainError):
    """The account registered several offices already."""

    code: ClassVar[str] = "too_many_offices"
    message: ClassVar[str] = "You have registered several offices. Try again tomorrow."


@dataclass(frozen=True)
class OfficeFacts:
    """What an office says about itself; nobody has checked it."""

    name: str
    address_1: str
    address_2: str
    city: str
    state: str
    zip: str


def register_office(*, user: User, facts: OfficeFacts, at: datetime) -> Office:
    """Make an office of a signed-in person, who becomes its admin; sent twice, it is one.

    Called by the page for who has an account. Records `office.registered`. Raises
    TooManyOfficesError.
    """
    limit = Limit("office.register", str(user.id), OFFICES_A_DAY * 2, timedelta(days=1))
    if not count_attempt(limits=[limit], at=at).allowed:
        raise TooManyOfficesError
    return add_office(user=user, facts=facts, at=at)


@transaction.atomic
def add_office(*, user: User, facts: OfficeFacts, at: datetime) -> Office:
    """Make one more office of an account, or return the one that it is already.

    Records `office.registered`. Raises TooManyOfficesError.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.id)
    own = Office.objects.filter(
        group__memberships__in=Membership.objects.filter(
            Membership.OWN, user=user, role=Role.GROUP_ADMIN
        ),
        closed_at__isnull=True,
    )
    present = own.filter(group__name__iexact=facts.name, zip=facts.zip).first()
    if present is not None:
        return present
    today = own.filter(registered_at__gt=at - timedelta(days=1))
    if own.count() >= MOST_OFFICES or today.count() >= OFFICES_A_DAY:
        raise TooManyOfficesError
    return make_office(user=user, facts=facts, at=at)


def make_office(*, user: User, facts: OfficeFacts, at: datetime) -> Office:
    """Make an office with its admin, in the caller's transaction. Records `office.registered`."""
    values = asdict(facts)
    group = ProviderGroup.objects.create(name=values.pop("name"), created_at=at)
    office = Office.objects.create(
        group=group,
        code=new_code(),
        code_made_at=at,
        registered_at=at,
        registered_by=user.id,
        **values,
    )
    _give_role(office, user, Role.GROUP_ADMIN, by=user.id, at=at)
    record_office("registered", office, by=user.id, at=at)
    return office


@transaction.atomic
def replace_code(*, office_id: UUID, seen: str, by: UUID, at: datetime) -> Office:
    """Give an office another code; the one before is dead, and the access by it stays.

    Called by the office's page, which showed the code made at `seen`. Records
    `office.code_replaced`, without the codes. Raises ChangedMeanwhileError.
    """
    office = hold_office(office_id, by=by)
    if office.code_made_at.isoformat() != seen:
        raise ChangedMeanwhileError
    office.code, office.code_made_at = new_code(), at
    office.save(update_fields=["code", "code_made_at"])
    record_office("code_replaced", office, by=by, at=at)
    return office


@transaction.atomic
def close_office(*, office_id: UUID, by: UUID, at: datetime) -> None:
    """End an office: its access everywhere, its invitations, and the roles of its people.

    Called by the office's page after a fresh sign-in. Records `office.closed`, and what ends with
    it. Raises ChangedMeanwhileError.
    """
    # Invitations are locked before the group, in the order in which accepting one does.
    list(_open_invitations(office_id).select_for_update(of=("self",)))
    office = hold_office(office_id, by=by)
    own = Membership.objects.filter(Membership.OWN, group=office.group_id)
    held = list(own.select_related("user"))
    steps = [RoleStep(one.user, office.group, Role(one.role), None) for one in held]
    end_grants(office.access_grants.all(), end=GrantEnd.CLOSED, by=by, at=at, also=steps)
    _open_invitations(office_id).update(withdrawn_at=at, token_digest=None)
    end_memberships(held, at=at)
    for one in held:
        data: dict[str, object] = {"role": one.role, "because": GrantEnd.CLOSED.value}
        record_change("ended", one, by=by, at=at, data=data)
    office.closed_at, office.closed_by = at, by
    office.save(update_fields=["closed_at", "closed_by"])
    record_office("closed", office, by=by, at=at)


@transaction.atomic
def set_office_role(*, membership_id: UUID, was: Role, role: Role, by: UUID, at: datetime) -> None:
    """Make somebody of an office its admin, or an admin somebody who works there.

    Called by the office's page. What they do for providers stays. They are told by mail. Records
    `membership.role_changed`. Raises ChangedMeanwhileError, LastAdminError.
    """
    office, held = hold_office_person(membership_id, was=was, by=by)
    if role == was:
        return
    keep_an_admin([office.group], without=held.user_id)
    end_memberships([held], at=at)
    _give_role(office, held.user, role, by=by, at=at)
    record_change("role_changed", held, by=by, at=at, data={"from": was.value, "to": role.value})
    step = RoleStep(held.user, office.group, was, role)
    tell_of_roles([step], by=by, at=at)
    sign_out_of_other_roles([step], by=by, at=at)


def join_office(office: Office, user: User, role: Role, *, by: UUID, at: datetime) -> None:
    """Take somebody invited into an office, whose group the caller holds; an admin stays one."""
    held = Membership.objects.filter(Membership.OWN, user=user, group=office.group_id).first()
    if held is None:
        _give_role(office, user, role, by=by, at=at)
    elif role == Role.GROUP_ADMIN and held.role != role:
        end_memberships([held], at=at)
        _give_role(office, user, role, by=by, at=at)


def hold_office(office_id: UUID, *, by: UUID) -> Office:
    """Return an open office that an account administers, with its group held.

    Raises ChangedMeanwhileError.
    """
    office = Office.objects.select_related("group").get(pk=office_id)
    hold_group(office.group_id)
    office.refresh_from_db(fields=["code", "code_made_at", "closed_at"])
    if office.closed_at is not None or not administers_office(by, office):
        raise ChangedMeanwhileError
    return office


def hold_office_person(membership_id: UUID, *, was: Role, by: UUID) -> tuple[Office, Membership]:
    """Return a role of an office that is as the page showed it. Raises ChangedMeanwhileError."""
    found = Office.objects.filter(group__memberships=membership_id).first()
    if found is None:
        raise ChangedMeanwhileError
    office = hold_office(found.id, by=by)
    held = Membership.objects.filter(Membership.OWN, pk=membership_id, role=was)
    person = held.select_related("user", "group").first()
    if person is None:
        raise ChangedMeanwhileError
    return office, person


def administers_office(user_id: UUID, office: Office) -> bool:
    """Tell whether an account, not a closed one, is an admin of an office."""
    return Membership.objects.filter(
        Membership.OWN,
        group=office.group_id,
        role=Role.GROUP_ADMIN,
        user=user_id,
        user__is_active=True,
    ).exists()


def find_office(group_id: UUID) -> Office | None:
    """Return the office of a group; None for a group of providers."""
    return Office.objects.select_related("group").filter(group=group_id).first()


def record_office(verb: str, office: Office, *, by: UUID, at: datetime) -> None:
    """Record what became of an office, in the transaction of the act."""
    record(
        f"office.{verb}",
        actor_id=by,
        subject=("office", office.id),
        data={"group": str(office.group_id)},
        at=at,
    )


def _open_invitations(office_id: UUID) -> QuerySet[Invitation]:
    found = Invitation.objects.filter(Invitation.OPEN, group__office=office_id)
    return found.order_by("id")


def _give_role(office: Office, user: User, role: Role, *, by: UUID, at: datetime) -> None:
    made = Membership.objects.create(
        user=user, group=office.group, role=role, since=at, created_by=by
    )
    record_change("granted", made, by=by, at=at, data={"role": role.value})
