"""Kill work by SIGKILL at each of its steps, which are counted as it runs: a new one is met too."""

import os
import re
import signal
import threading
import traceback
from collections.abc import Callable
from itertools import count
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from tenants import registry

_WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|GRANT)\b", re.IGNORECASE)


def is_killed_at(step: int, act: Callable[[], object]) -> bool:
    """Run an act and kill it as it is about to take a step, from 1; False: it had fewer, and ended.

    A step is what others see from one moment on: the commit of a transaction, or a statement that
    writes outside of one. The act runs in a process of its own on the same data. Killed at step n
    it has taken all steps before, so that a test that counts until the answer is False has looked
    at every state in which it can be left.
    """
    registry.forget()
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            _die_at(step)
            act()
        except BaseException:  # noqa: BLE001 - a child must not go on as a second test run
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    registry.forget()  # what was published there a watcher would say
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the work failed by itself, see above"
    return False


def _die_at(wanted: int) -> None:
    """Have this process killed as it is about to take a step; threads beside the work count not."""
    steps, mine = count(1), threading.get_ident()
    commit = BaseDatabaseWrapper._commit  # type: ignore[attr-defined]

    def step() -> None:
        if threading.get_ident() == mine and next(steps) == wanted:
            os.kill(os.getpid(), signal.SIGKILL)

    def dying_commit(connection: BaseDatabaseWrapper) -> None:
        step()
        commit(connection)

    def look_at(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        *_, context = rest
        if not context["connection"].in_atomic_block and _WRITES.match(sql):
            step()
        return execute(sql, *rest)

    BaseDatabaseWrapper._commit = dying_commit  # type: ignore[attr-defined]
    for connection in connections.all():
        connection.execute_wrappers.append(look_at)
