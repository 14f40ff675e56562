"""The hosts of a contract with what was found at them, for pages, lists and the command."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.urls import reverse

from contracts.console.going_live.line import Line, LineState
from contracts.console.hosts.targets import HostTarget, list_targets, portal_target
from contracts.console.hosts.words import days_left, sentence_of, todo_of
from contracts.console.models import HostCheck, HostRole
from tenants import registry
from tenants.models import Contract

_HISTORY: Final = 10


@dataclass(frozen=True)
class HostFacts:
    """One host: what it is for, what the last check found, and what was found before."""

    target: HostTarget
    check: HostCheck | None
    former: Sequence[HostCheck]
    sentence: str
    todo: str
    days_left: int | None
    is_named_by_links: bool

    @property
    def state(self) -> LineState:
        """How it stands in a list of what has to be in place."""
        if self.check is None or (self.check.is_ready and self.todo):
            return LineState.NOTE
        return LineState.GOOD if self.check.is_ready else LineState.OPEN

    @property
    def asked_as(self) -> str:
        """The name under which it is asked for, where that is another one; else empty."""
        return self.target.name if self.target.name != self.target.host else ""

    @property
    def role(self) -> HostRole:
        """What it is for."""
        return self.target.role


def host_facts(contract: Contract, *, at: datetime) -> list[HostFacts]:
    """Return a contract's hosts, its own first, then the portal host (two queries)."""
    own = sorted(list_targets(contract.slug), key=lambda one: list(HostRole).index(one.role))
    portal = portal_target()
    return _facts_of([*own, *([portal] if portal else [])], portal, at=at)


def all_host_facts(*, at: datetime) -> list[HostFacts]:
    """Return every host of the deployment, what wants a look first (two queries)."""
    found = _facts_of(list_targets(), portal_target(), at=at)
    order = (LineState.OPEN, LineState.NOTE, LineState.GOOD)
    return sorted(found, key=lambda one: order.index(one.state))


def _facts_of(
    targets: Sequence[HostTarget], portal: HostTarget | None, *, at: datetime
) -> list[HostFacts]:
    names = [one.host for one in targets]
    present = {one.host: one for one in HostCheck.objects.filter(host__in=names, ended_at=None)}
    former = _former(names)
    return [
        _facts(one, present.get(one.host), former, portal.host if portal else "", at=at)
        for one in targets
    ]


def host_lines(contract: Contract, facts: Sequence[HostFacts]) -> list[Line]:
    """Return the lines of the go-live list about the hosts."""
    url = reverse("hosts:list", args=[contract.slug])
    lines = [_line(one, contract, url) for one in facts]
    if any(one.role is HostRole.PRIMARY for one in facts):
        return lines
    detail = f"They stand under /{contract.slug}/ on the portal host."
    return [Line("Its pages have an address", LineState.GOOD, detail), *lines]


def told_hosts(facts: Sequence[HostFacts]) -> list[dict[str, Any]]:
    """Return hosts as a program reads them."""
    return [_told(one) for one in facts]


def _former(names: Sequence[str]) -> Mapping[str, Sequence[HostCheck]]:
    found: dict[str, list[HostCheck]] = {}
    rows = HostCheck.objects.filter(host__in=names, ended_at__isnull=False).order_by("-first_at")
    for row in rows[: _HISTORY * len(names)]:
        found.setdefault(row.host, []).append(row)
    return {host: rows[:_HISTORY] for host, rows in found.items()}


def _facts(
    target: HostTarget,
    check: HostCheck | None,
    former: Mapping[str, Sequence[HostCheck]],
    portal: str,
    *,
    at: datetime,
) -> HostFacts:
    # What was found for another contract, or when it was for something else, says nothing.
    if check is not None and (check.contract_id, check.role) != (target.contract_id, target.role):
        check = None
    return HostFacts(
        target=target,
        check=check,
        former=former.get(target.host, ()),
        sentence=sentence_of(check),
        todo=todo_of(check, host=target.host, portal=portal, at=at),
        days_left=days_left(check, at=at),
        is_named_by_links=target.contract_id is None or registry.host_is_ready(target.host),
    )


def _line(one: HostFacts, contract: Contract, url: str) -> Line:
    detail = one.sentence
    if one.days_left is not None:
        detail += f" Its certificate is good for {_days(one.days_left)}."
    if one.role is HostRole.PRIMARY and not one.is_named_by_links:
        detail += (
            f" Until it leads here its pages stand under /{contract.slug}/ on the portal host, and "
            "links in mails name that."
        )
    verb = "redirects" if one.role is HostRole.REDIRECT else "leads here"
    title = f"{one.target.host} {verb}"
    if one.role is HostRole.PORTAL:
        title = f"The portal host {one.target.host} leads here"
    since = one.check.first_at if one.check else None
    return Line(title, one.state, detail, since=since, todo=one.todo, url=url)


def _days(number: int) -> str:
    return "1 day more" if number == 1 else f"{max(number, 0)} days more"


def _told(one: HostFacts) -> dict[str, Any]:
    check = one.check
    return {
        "host": one.target.host,
        "role": one.role.value,
        "ready": check is not None and check.is_ready,
        "finding": check.finding if check else None,
        "detail": check.detail if check else "",
        "address": check.address if check else None,
        "since": check.first_at.isoformat() if check else None,
        "checked_at": check.last_at.isoformat() if check else None,
        "certificate_ends_at": (
            check.certificate_ends_at.isoformat() if check and check.certificate_ends_at else None
        ),
        "named_by_links": one.is_named_by_links,
        "says": one.sentence,
        "todo": one.todo,
    }
