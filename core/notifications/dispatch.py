"""How a committed message is announced to the workers, without the services knowing Celery.

`tasks.py` puts itself in here when the app is ready. Nothing depends on the announcement: the
sweeper delivers whatever was not announced.
"""

from collections.abc import Callable
from uuid import UUID

Announce = Callable[[UUID], None]
Reachable = Callable[[], bool]


class _Dispatcher:
    announce: Announce | None = None
    is_reachable: Reachable | None = None


def set_dispatcher(*, announce: Announce, is_reachable: Reachable) -> None:
    """Name the functions that announce a message and that ask whether the broker answers."""
    _Dispatcher.announce = announce
    _Dispatcher.is_reachable = is_reachable


def announce(message_id: UUID) -> None:
    """Tell the workers that a message waits; never raises because the broker is away."""
    if _Dispatcher.announce is not None:
        _Dispatcher.announce(message_id)


def broker_is_reachable() -> bool:
    """Tell whether announcements reach the workers' queue; the answer may be two seconds old."""
    return _Dispatcher.is_reachable is None or _Dispatcher.is_reachable()
