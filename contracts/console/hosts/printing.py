"""What `contract hosts` prints."""

from collections.abc import Iterable, Iterator, Sequence

from contracts.console.going_live.line import LineState
from contracts.console.hosts.facts import HostFacts
from contracts.console.hosts.sender_facts import SenderFacts

_MARKS = {LineState.GOOD: "ok  ", LineState.NOTE: "look", LineState.OPEN: "open"}


def reach_lines(hosts: Sequence[HostFacts], senders: Sequence[SenderFacts]) -> Iterator[str]:
    """Yield a line for each host and sender, with what to do about it beneath."""
    for host in hosts:
        since = f" Since {host.check.first_at:%Y-%m-%d %H:%M} UTC." if host.check else ""
        left = "" if host.days_left is None else f" Certificate: {host.days_left} days."
        yield f"{_MARKS[host.state]}  {host.target.host}: {host.sentence}{left}{since}"
        yield from _todo(host.todo)
    for sender in senders:
        yield f"{_MARKS[sender.state]}  {sender.title}: {sender.sentence}"
        yield from _todo(sender.todo)
        for record in sender.records:
            yield f"        {record['name']} {record['type']} {record['value']}"


def is_open(facts: Iterable[HostFacts | SenderFacts]) -> bool:
    """Tell whether something is not in order; what somebody should look at is."""
    return any(one.state is LineState.OPEN for one in facts)


def _todo(todo: str) -> Iterator[str]:
    if todo:
        yield f"      {todo}"
