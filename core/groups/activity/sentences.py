"""Audit events as plain sentences: who did what, to whom, at which provider, and when."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, Q, QuerySet, UUIDField, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.dateformat import format as date_format

from core.accounts.models import User
from core.audit.models import AuditEvent
from core.groups.activity.scope import Scope
from core.groups.models import Invitation, JoinRequest, Office, Provider, ProviderGroup
from core.groups.reach import Reach
from core.groups.roles import role_name
from tenants.configuration.revisions import zone_of

_PORTAL, _STAFF, _SOMEBODY = "The portal", "Staff of the program", "Somebody"
_ELSEWHERE: Final = "another provider"
# {who} did it, to {whom} ({whose} when something of theirs follows), {at} which provider or group.
_SENTENCES: Final[Mapping[str, str]] = {
    "sign_in.completed": "{whom} signed in.",
    "session.began_remembered": "{whom} signed in with a remembered browser.",
    "account.credentials_set": "{whom} completed the MFA registration, with a new password.",
    "account.deactivated": "{who} closed {whose} account.",
    "account.details_changed": "{who} changed {whose} contact information.",
    "account.email_changed": "{who} changed {whose} e-mail address.",
    "account.locked": "The account of {whom} was locked after too many failures.",
    "account.password_changed": "{who} changed {whose} password.",
    "account.phone_changed": "{who} changed {whose} phone number for sign-in.",
    "account.reactivated": "{who} opened {whose} account again.",
    "account.registration_reset": "{who} reset {whose} registration.",
    "account.unlocked": "{who} unlocked {whose} account.",
    "membership.granted": "{who} gave {whom} the role {role} {at}.",
    "membership.role_changed": "{who} changed {whose} role {at} from {before} to {after}.",
    "membership.ended": "{who} ended {whose} role {role} {at}.",
    "membership.confirmed": "{who} confirmed {whose} role {role} {at}.",
    "membership.let_go": "{who} let {whose} suspended role {role} {at} go.",
    "membership.moved": "{who} moved {whom} from {where} to {to}.",
    "invitation.sent": "{who} invited {subject} as {role} {at}.",
    "invitation.resent": "{who} sent the invitation of {subject} again.",
    "invitation.readdressed": "{who} sent the invitation of {subject} to another address.",
    "invitation.withdrawn": "{who} withdrew the invitation of {subject}.",
    "invitation.followed": "{subject} opened the invitation.",
    "invitation.accepted": "{subject} accepted the invitation as {role}.",
    "join_request.sent": "{subject} asked to join {where}.",
    "join_request.approved": "{who} approved the request of {subject} to join {where} as {role}.",
    "join_request.refused": "{who} refused the request of {subject} to join {where}.",
    "join_request.withdrawn": "{subject} withdrew the request to join {where}.",
    "join_request.expired": "The request of {subject} to join {where} ran out.",
    "recovery.asked": "{whom} asked to become Provider Group Admin for {where}.",
    "recovery.granted": "{who} granted that {whom} becomes Provider Group Admin for {where}.",
    "recovery.done": "{whom} became Provider Group Admin for {where} by recovery.",
    "recovery.refused": "{who} refused that {whom} becomes Provider Group Admin for {where}.",
    "recovery.stopped": "{who} stopped the recovery of {where} by {whom}.",
    "recovery.withdrawn": "{whom} withdrew the request to recover {where}.",
    "access_grant.given": "{who} gave {office} access to {where}.",
    "access_grant.end_changed": "{who} changed until when {office} has access to {where}.",
    "access_grant.role_changed": (
        "{who} changed the role of {office}’s people at {where} from {before} to {after}."
    ),
    "access_grant.ended": "The access of {office} to {where} ended.",
    "provider.registered": "{who} registered {where}.",
    "provider.given_up": "{who} gave up {where}.",
    "provider.released": "{who} released {where}: nobody is registered with its number any more.",
    "provider.moved": "{who} moved {where} to your group.",
    "group.provider_left": "{who} moved {where} from your group to another one.",
}
_SUSPENDED: Final = "{who} suspended {whose} role {role} {at}, because nobody confirmed it."
_LEFT: Final = "group.provider_left"
_OF_ONESELF: Final = {"membership.granted": "{who} became {role} {at}."}


@dataclass(frozen=True)
class ActivityEntry:
    """One line of the page; `when` is in the time zone of the contract."""

    at: datetime
    when: str
    sentence: str


@dataclass
class _Names:
    """What the ids of a page are called; what the admin does not reach has no name here."""

    of: dict[str, str] = field(default_factory=dict)
    contracts: dict[str, UUID] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    staff: set[str] = field(default_factory=set)


def entries_of(events: Sequence[AuditEvent], scope: Scope) -> list[ActivityEntry]:
    """Return events in words (one statement for all the names)."""
    names = _read_names(events, scope)
    zones = _zones_of(scope.reach)
    return [_entry(event, names, zones) for event in events]


def zones_differ(reach: Reach) -> bool:
    """Tell whether the lines of a page may stand in several time zones."""
    return len(set(_zones_of(reach).values())) > 1


def _zones_of(reach: Reach) -> dict[UUID, ZoneInfo]:
    return {one.id: ZoneInfo(zone_of(one.document)) for one in reach.contracts}


def _entry(event: AuditEvent, names: _Names, zones: Mapping[UUID, ZoneInfo]) -> ActivityEntry:
    place = names.contracts.get(str(_provider_of(event)))
    key = place or event.contract_id
    zone = zones.get(key) if key else None
    if zone is None and len(set(zones.values())) == 1:
        zone = next(iter(zones.values()))
    moment = event.at.astimezone(zone or timezone.get_current_timezone())
    return ActivityEntry(
        at=event.at, when=date_format(moment, "F j, Y, g:i A e"), sentence=_sentence(event, names)
    )


def _sentence(event: AuditEvent, names: _Names) -> str:
    account, actor = str(_account_of(event)), str(event.actor_id)
    is_own = account == actor
    form = _SENTENCES[event.event_type]
    if is_own:
        form = _OF_ONESELF.get(event.event_type, form)
    if event.data.get("because") == "suspended":
        form = _SUSPENDED
    whom = names.of.get(account, _SOMEBODY)
    where = names.of.get(str(_provider_of(event)), _ELSEWHERE)
    data = event.data
    return form.format(
        who=_actor(event, names, account),
        whom=whom,
        whose="their own" if is_own else f"{whom}’s",
        subject=names.of.get(str(event.subject_id)) or whom,
        role=_role(data.get("role"), event, names),
        before=_role(data.get("from"), event, names),
        after=_role(data.get("to"), event, names),
        where=where,
        office=names.of.get(str(data.get("office")), "a third party"),
        to=names.of.get(str(data.get("to")), _ELSEWHERE),
        at=_at(event, names, where),
    )


def _actor(event: AuditEvent, names: _Names, account: str) -> str:
    """Return who did it: strangers to the admin's providers are not named."""
    key = str(event.actor_id)
    if event.actor_id is None:
        return _PORTAL
    if key in names.unknown and key != account:
        return _STAFF if key in names.staff else _SOMEBODY
    return names.of.get(key, _SOMEBODY)


def _at(event: AuditEvent, names: _Names, where: str) -> str:
    if "access_grant" in event.data:
        # A role of somebody else's people, by the access that their office has.
        return f"at {where}, as a third party"
    invited = event.data.get("providers")
    if isinstance(invited, list):
        found = sorted(filter(None, (names.of.get(str(key)) for key in invited)))
        return f"at {', '.join(found) or _ELSEWHERE}"
    group = names.of.get(str(event.data.get("group")))
    if event.event_type.startswith("membership.") and group:
        return f"for all of {group}"
    return f"at {where}"


def _role(value: object, event: AuditEvent, names: _Names) -> str:
    place = names.contracts.get(str(_provider_of(event)))
    return role_name(value, place or event.contract_id) if isinstance(value, str) else ""


def _account_of(event: AuditEvent) -> object:
    return event.subject_id if event.subject_type == "account" else event.data.get("account")


def _provider_of(event: AuditEvent) -> object:
    return event.subject_id if event.subject_type == "provider" else event.data.get("provider")


def _read_names(events: Iterable[AuditEvent], scope: Scope) -> _Names:
    keys = set(_keys(events))
    names = _Names()
    # What left a group is named to its admins, who knew it.
    left = {_as_key(one.data.get("provider")) for one in events if one.event_type == _LEFT}
    parts = [
        _people(scope),
        _named(
            Provider.objects.filter(pk__in=keys.intersection({*scope.watched, *left})),
            F("name"),
            contract=F("contract_id"),
        ),
        _named(ProviderGroup.objects.all(), F("name")),
        _named(Office.objects.all(), F("group__name")),
        _named(Invitation.objects.all(), _FULL_NAME),
        _named(JoinRequest.objects.filter(user__isnull=True), _FULL_NAME),
    ]
    first, *others = [part.filter(pk__in=keys) for part in parts]
    for key, name, contract, is_known, is_staff in first.union(*others, all=True):
        names.of[str(key)] = name.strip()
        if contract:
            names.contracts[str(key)] = contract
        if not is_known:
            names.unknown.add(str(key))
        if is_staff:
            names.staff.add(str(key))
    return names


_FULL_NAME: Final = Concat("first_name", Value(" "), "last_name")
_COLUMNS: Final = ("pk", "called", "place", "is_known", "is_of_staff")


def _people(scope: Scope) -> QuerySet[Any, Any]:
    named: QuerySet[Any, Any] = User.objects.annotate(
        called=_FULL_NAME,
        place=_none(),
        is_known=Exists(scope.known_people().filter(pk=OuterRef("pk"))),
        is_of_staff=F("is_staff_member"),
    ).values_list(*_COLUMNS)
    return named


def _named(rows: QuerySet[Any], name: Any, contract: Any = None) -> QuerySet[Any, Any]:
    named: QuerySet[Any, Any] = rows.annotate(
        called=name,
        place=contract or _none(),
        is_known=Q(pk__isnull=False),
        is_of_staff=Q(pk__isnull=True),
    ).values_list(*_COLUMNS)
    return named


def _none() -> Any:
    return Cast(Value(None), UUIDField())


def _keys(events: Iterable[AuditEvent]) -> Iterable[UUID]:
    for event in events:
        data = event.data
        named = [data.get(key) for key in ("account", "provider", "group", "office", "to")]
        invited = data.get("providers")
        more = invited if isinstance(invited, list) else []
        for value in (event.actor_id, event.subject_id, *named, *more):
            key = _as_key(value)
            if key:
                yield key


def _as_key(value: object) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None
