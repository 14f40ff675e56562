"""The mail to somebody whose roles somebody else has changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from core.accounts.models import User
from core.accounts.policies import find_contract
from core.groups.models import Provider, ProviderGroup, Role
from core.groups.roles import role_name
from core.groups.services.role_mails import ROLE_KIND
from core.notifications.composing import compose_mail
from core.notifications.kinds import MessageKind, Rendered, Weight
from core.notifications.models import OutboxMessage
from tenants.routing import absolute_reverse

Fact = Mapping[str, str]
_BECAUSE: Final = {
    "provider": "An administrator of the provider has ended this.",
    "grant_ended": "The access of your office has ended.",
    "grant_changed": "The access of your office has changed.",
    "access_review": "No administrator confirmed this in the access review in time.",
    "suspended": (
        "No administrator confirmed this in the access review in time, so it is suspended. If you "
        "still need it, ask an administrator to confirm it under Access review: you have it back "
        "then."
    ),
}
_OF_OFFICE: Final = {
    Role.GROUP_ADMIN.value: "You administer {office} now.",
    Role.STAFF.value: "You do not administer {office} any more. You go on working there.",
    "": "You are no longer one of the people of {office}.",
}
_MOST_LINES: Final = 20


def prepare_role_notice(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Tell the owner of an account what became of their roles, and whom to ask."""
    user = User.objects.filter(pk=message.subject_id).first()
    if user is None:
        return None
    facts: list[Fact] = list(message.context["steps"])
    by = str(message.context["by"])
    admin = User.objects.filter(pk=UUID(by)).first() if by else None
    contract = find_contract(message.contract_id) if message.contract_id else None
    places = _places_of(facts)
    context = {
        "user": user,
        "heading": _heading(facts),
        "lines": [_line(fact, places) for fact in facts[:_MOST_LINES]],
        "more": max(len(facts) - _MOST_LINES, 0),
        "who": f"{admin.get_full_name()} ({admin.email})" if admin else "",
        "because": _BECAUSE.get(str(message.context["because"]), ""),
        "happened_at": datetime.fromisoformat(str(message.context["happened_at"])),
        "link": absolute_reverse("login_options", contract=contract),
    }
    return compose_mail(message, ROLE_KIND, context)


def _heading(facts: Iterable[Fact]) -> str:
    kinds = {(bool(fact["before"]), bool(fact["after"])) for fact in facts}
    if kinds == {(False, True)}:
        return "You have a new role"
    return "A role of yours has ended" if kinds == {(True, False)} else "Your roles have changed"


@dataclass(frozen=True)
class _Places:
    """What the providers and groups of some facts are called, by their keys."""

    names: Mapping[str, str]
    contracts: Mapping[str, UUID]
    offices: Mapping[str, str]


def _line(fact: Fact, places: _Places) -> str:
    office = places.offices.get(fact.get("group", ""))
    if office:
        return _OF_OFFICE[fact["after"]].format(office=office)
    place = places.names.get(fact.get("provider") or fact.get("group", ""), "a provider")
    contract_id = places.contracts.get(fact.get("provider", ""))
    before = role_name(fact["before"], contract_id) if fact["before"] else ""
    after = role_name(fact["after"], contract_id) if fact["after"] else ""
    if not before:
        return f"You are now {after} for {place}."
    if not after:
        return f"You are no longer {before} for {place}."
    return f"For {place} you are now {after}. Before, you were {before}."


def _places_of(facts: Sequence[Fact]) -> _Places:
    """Return what the facts name (two queries)."""
    providers = Provider.objects.filter(
        pk__in=[fact["provider"] for fact in facts if "provider" in fact]
    )
    groups = ProviderGroup.objects.filter(
        pk__in=[fact["group"] for fact in facts if "group" in fact]
    ).select_related("office")
    names = {str(one.id): f"all providers of {one.name}" for one in groups}
    return _Places(
        names=names | {str(one.id): one.name for one in providers},
        contracts={str(one.id): one.contract_id for one in providers},
        offices={str(one.id): one.name for one in groups if hasattr(one, "office")},
    )


KINDS = (
    MessageKind(
        name=ROLE_KIND,
        channel="email",
        at_most_once=False,
        prepare=prepare_role_notice,
        weight=Weight.NOTICE,
    ),
)
