"""Announce messages to the workers without ever holding a request up.

Celery's own way of publishing waits for a lost broker for seconds. An announcement is a courtesy
(the sweeper finds the row), so it goes over a connection of its own that gives up within a second,
and after a failure no other is tried for a while.
"""

import logging
import threading
import time
from typing import Any, Final

from celery import current_app

from core.common.failures import describe_safely

logger = logging.getLogger(__name__)

PATIENCE_SECONDS: Final = 0.4
"""How long to wait to connect, and again for an answer."""
PAUSE_SECONDS: Final = 5.0
"""How long announcements are left out after one that failed."""
PROBE_SECONDS: Final = 2.0
"""How long an answer to "does the broker answer?" stays good."""
_AT_ONCE: Final = 0.1
_REDIS_OPTIONS: Final = {
    "socket_connect_timeout": PATIENCE_SECONDS,
    "socket_timeout": PATIENCE_SECONDS,
    "retry_on_timeout": False,
}


class Broker:
    """The announcing side of the broker; one for a process, with a connection for each thread."""

    def __init__(self) -> None:
        self._local = threading.local()
        self._away_until = 0.0
        self._probed_at = float("-inf")
        self._answered = True

    def announce(self, task: Any, *arguments: str) -> bool:
        """Send a task; returns False when the broker is away. Never raises for that."""
        if time.monotonic() < self._away_until:
            return False
        try:
            self._send(task, arguments)
        except Exception as error:  # noqa: BLE001 - transports raise errors of their own kinds
            self._forget_connection()
            self._away_until = time.monotonic() + PAUSE_SECONDS
            logger.warning("the broker is away, the sweeper delivers: %s", describe_safely(error))
            return False
        self._answered, self._probed_at = True, time.monotonic()
        return True

    def is_reachable(self) -> bool:
        """Tell whether the broker answers; asks it at most every two seconds."""
        moment = time.monotonic()
        if moment < self._away_until:
            return False
        if moment - self._probed_at > PROBE_SECONDS:
            self._answered = self._probe()
            self._probed_at = time.monotonic()
        return self._answered

    def _send(self, task: Any, arguments: tuple[str, ...]) -> None:
        kept = getattr(self._local, "connection", None)
        started = time.monotonic()
        try:
            task.apply_async(arguments, connection=self._connection(), retry=False)
        except Exception:
            # A kept connection may be one to a broker that has been restarted since.
            if kept is None or time.monotonic() - started > _AT_ONCE:
                raise
            self._forget_connection()
            task.apply_async(arguments, connection=self._connection(), retry=False)

    def _probe(self) -> bool:
        try:
            with _open_connection():
                return True
        except Exception as error:  # noqa: BLE001 - transports raise errors of their own kinds
            logger.warning("the broker does not answer: %s", describe_safely(error))
            return False

    def _connection(self) -> Any:
        if getattr(self._local, "connection", None) is None:
            self._local.connection = _open_connection()
        return self._local.connection

    def _forget_connection(self) -> None:
        connection = getattr(self._local, "connection", None)
        self._local.connection = None
        if connection is not None:
            connection.release()


def _open_connection() -> Any:
    """Return a connected connection, or raise within a second."""
    url = str(current_app.conf.broker_write_url or current_app.conf.broker_url or "")
    options = _REDIS_OPTIONS if url.startswith(("redis", "rediss")) else {}
    connection = current_app.connection_for_write(
        connect_timeout=PATIENCE_SECONDS, transport_options={**options, "max_retries": 0}
    )
    try:
        connection.ensure_connection(max_retries=0, timeout=1)
    except Exception:
        connection.release()
        raise
    return connection


BROKER: Final = Broker()
