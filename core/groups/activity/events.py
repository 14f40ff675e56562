"""Which audit events an admin reads: of their providers, in the contracts of the session.

What an event is about decides, never who did it: a provider, a role, an invitation or a request
within the admin's reach; an account while it held a role there. An event that names a contract is
read by who has entered that one, and about an account by who manages a role of it in that one.
Of a provider that came from another group only what happened since then is read (ADR 0045).
"""

from typing import Final

from django.db import models
from django.db.models import CharField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from core.accounts.models import User
from core.audit.models import AuditEvent
from core.audit.places import NEWEST_FIRST, Place
from core.groups.activity.scope import Keys, Scope, any_of

PAGE_SIZE: Final = 25


class ActivityKind(models.TextChoices):
    """What the page can be narrowed to."""

    SIGN_INS = "sign_ins", "Sign-ins"
    ACCOUNTS = "accounts", "Changes of accounts"
    ROLES = "roles", "Roles"
    INVITATIONS = "invitations", "Invitations"
    REQUESTS = "requests", "Requests"
    PROVIDERS = "providers", "Providers"
    THIRD_PARTIES = "third_parties", "Third parties"


def list_activity(
    scope: Scope, *, kind: ActivityKind | None = None, before: Place | None = None
) -> list[AuditEvent]:
    """Return one event more than a page, newest first (one statement).

    Each part is read on its own, so that each finds its way by an index, and no further than a
    page.
    """
    kinds = [kind] if kind else list(ActivityKind)
    within = Q(contract_id__isnull=True) | Q(contract_id__in=scope.reach.contract_ids)
    parts = [
        _narrowed(_part(scope, subject_type, verbs), scope, before)
        .filter(within)
        .order_by(*NEWEST_FIRST)[: PAGE_SIZE + 1]
        for one in kinds
        for subject_type, verbs in _EVENTS[one].items()
    ]
    if len(parts) == 1:
        return list(parts[0])
    return list(parts[0].union(*parts[1:], all=True).order_by(*NEWEST_FIRST)[: PAGE_SIZE + 1])


def _part(scope: Scope, subject_type: str, types: str) -> QuerySet[AuditEvent]:
    """Return the events of some types about one kind of thing."""
    keys = scope.watched_keys if subject_type == "provider" else scope.keys[subject_type]
    found = AuditEvent.objects.filter(
        any_of("subject_id", keys), event_type__in=types.split(), subject_type=subject_type
    )
    if subject_type == "account":
        return found.filter(_while_they_had_a_role(scope))
    if subject_type == "provider":
        return found.exclude(scope.formerly("subject_id", "at__lt"))
    return found


def _while_they_had_a_role(scope: Scope) -> Exists:
    """Tell of an event about an account whether it had a role then, in the event's contract.

    Not one by an access grant: what somebody did as a third party stays their office's, also when
    they work for the provider itself by now.
    """
    here = ExpressionWrapper(OuterRef("contract_id"), models.UUIDField(null=True))
    in_contract = Q(here__isnull=True) | Q(provider__contract_id=F("here"))
    for group_id, contracts in scope.administered.items():
        in_contract |= Q(group=group_id, here__in=contracts)
    held = scope.memberships(scope.managed_keys).filter(grant__isnull=True).alias(here=here)
    return Exists(
        held.filter(
            Q(until__isnull=True) | Q(until__gt=OuterRef("at")),
            in_contract,
            user=OuterRef("subject_id"),
            since__lte=OuterRef("at"),
        )
    )


def _narrowed(
    events: QuerySet[AuditEvent], scope: Scope, before: Place | None
) -> QuerySet[AuditEvent]:
    """Keep the events of the people that fit all words, older than a place."""
    if before:
        events = before.older(events)
    if scope.words:
        people = scope.keys["person"]
        events = events.alias(whom=KeyTextTransform("account", "data")).filter(
            Q(any_of("actor_id", people))
            | (Q(subject_type="account") & Q(any_of("subject_id", people)))
            | Q(any_of("whom", _as_text(people), kind="text"))
        )
    return events


def _as_text(people: Keys) -> Keys:
    if isinstance(people, str):
        return people
    found = User.objects.filter(pk__in=people).annotate(key=Cast("pk", CharField()))
    return found.values("key")


# What is shown of each kind, by what the event is about.
_EVENTS: Final[dict[ActivityKind, dict[str, str]]] = {
    ActivityKind.SIGN_INS: {"account": "sign_in.completed session.began_remembered"},
    ActivityKind.ACCOUNTS: {
        "account": (
            "account.credentials_set account.deactivated account.details_changed "
            "account.email_changed account.locked account.password_changed "
            "account.phone_changed account.reactivated account.registration_reset "
            "account.unlocked"
        )
    },
    ActivityKind.ROLES: {
        "membership": (
            "membership.granted membership.role_changed membership.ended membership.moved "
            "membership.confirmed membership.let_go"
        )
    },
    ActivityKind.INVITATIONS: {
        "invitation": (
            "invitation.sent invitation.resent invitation.readdressed invitation.withdrawn "
            "invitation.followed invitation.accepted"
        )
    },
    ActivityKind.REQUESTS: {
        "join_request": (
            "join_request.sent join_request.approved join_request.refused "
            "join_request.withdrawn join_request.expired"
        ),
        "recovery": (
            "recovery.asked recovery.granted recovery.done recovery.refused recovery.stopped "
            "recovery.withdrawn"
        ),
    },
    ActivityKind.PROVIDERS: {
        "provider": "provider.registered provider.given_up provider.released provider.moved",
        "provider_group": "group.provider_left",
    },
    ActivityKind.THIRD_PARTIES: {
        "access_grant": (
            "access_grant.given access_grant.end_changed access_grant.role_changed "
            "access_grant.ended"
        )
    },
}
