"""Task classes that say whose data a task may touch.

- `@shared_task(base=ContractTask)`: runs in the contract in which it was sent. The message carries
  the contract's id, signed, so that nobody who can write to the broker chooses another one.
- `@shared_task(base=SharedTask)`: runs with no contract, whatever its sender was in.

Any other class fails at start-up. A signature made in a contract carries it from then on, through
retries, chains and chords. `link_error` is banned: its callbacks run outside the task's contract.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import TYPE_CHECKING, Any

from celery import Celery, Task, signals
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, InterfaceError, connections

from core.common.context import bind_context
from core.common.crypto import constant_time_equal, current_key_version, keyed_digest
from tenants import registry
from tenants.context import ActiveContract, contract_context, current_contract
from tenants.errors import NoContractError, OtherContractError, TenancyError

if TYPE_CHECKING:
    _Task = Task[..., Any]
else:
    _Task = Task

HEADER = "portal_contract"
_PURPOSE = "celery-contract"
_SELDOM = 60.0
"""Seconds: a scheduled task that runs at most so often says when it begins, too."""


class ContractHeaderError(TenancyError):
    """A task came without a contract, or with one that nobody signed for it."""


def sign_header(task_name: str, contract: ActiveContract) -> str:
    """Return the header that lets one task run in one contract."""
    version = current_key_version()
    return f"{version}:{contract.id}:{_digest(task_name, str(contract.id), version)}"


def read_header(task_name: str, header: object) -> ActiveContract:
    """Return the contract that a header names.

    Raises ContractHeaderError for a header that is missing, malformed, signed for another task or
    by nobody, and UnknownContractError for a contract that is not ready.
    """
    version, _, rest = str(header or "").partition(":")
    contract_id, _, digest = rest.partition(":")
    if not (version.isdecimal() and contract_id and digest):
        raise ContractHeaderError(f"{task_name} came without a signed contract.")
    try:
        expected = _digest(task_name, contract_id, int(version))
    except KeyError:
        raise ContractHeaderError(f"{task_name}: no known key signed its contract.") from None
    if not constant_time_equal(expected, digest):
        raise ContractHeaderError(f"{task_name}: its contract is not signed for it.")
    return registry.get_contract_by_id(contract_id)


def _digest(task_name: str, contract_id: str, version: int) -> str:
    return keyed_digest(_PURPOSE, task_name, contract_id, version=version).hex()


class _PortalTask(_Task):
    """What both classes share: no error callbacks."""

    abstract = True

    def apply_async(self, *args: Any, **options: Any) -> Any:
        """Send the task."""
        _refuse_error_callbacks(options)
        return super().apply_async(*args, **options)

    def apply(self, *args: Any, **options: Any) -> Any:
        """Run the task here and now."""
        _refuse_error_callbacks(options)
        return super().apply(*args, **options)


def _refuse_error_callbacks(options: dict[str, Any]) -> None:
    if options.get("link_error"):
        raise TenancyError("link_error is banned: its callbacks would run in no contract.")


class SharedTask(_PortalTask):
    """Works on the shared schema alone; a service that it calls may enter a contract itself."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run with no contract in hand; what the scheduler starts is recorded."""
        with contract_context(None), self._recorded():
            return super().__call__(*args, **kwargs)

    def _recorded(self) -> AbstractContextManager[None]:
        every = _interval_of(self.app, self.name)
        if every is None or self.request.called_directly:
            return nullcontext()
        # Models can be imported once Django is set up, which is after this module is read.
        from tenants.scheduled import recorded_task  # noqa: PLC0415

        return recorded_task(self.name, says_when_it_begins=every >= _SELDOM)


def _interval_of(app: Celery, name: str) -> float | None:
    """Return how many seconds lie between two runs that the scheduler starts; None: it does not.

    A time of day counts as an hour: it is no shorter.
    """
    for entry in app.conf.beat_schedule.values():
        if entry["task"] == name:
            return entry["schedule"] if isinstance(entry["schedule"], float) else 3600.0
    return None


class ContractTask(_PortalTask):
    """Works in one contract."""

    abstract = True

    def signature(self, *args: Any, **kwargs: Any) -> Any:
        """Return a signature that carries the contract in hand, if there is one."""
        signature = super().signature(*args, **kwargs)
        contract = current_contract()
        if contract is not None:
            headers = dict(signature.options.get("headers") or {})
            headers.setdefault(HEADER, sign_header(self.name, contract))
            signature.options["headers"] = headers
        return signature

    subtask = signature

    def apply_async(self, *args: Any, **options: Any) -> Any:
        """Send the task to run in its contract.

        Raises NoContractError where neither the signature nor the caller has one, and
        OtherContractError where the two differ.
        """
        return super().apply_async(*args, **self._with_header(options))

    def apply(self, *args: Any, **options: Any) -> Any:
        """Run the task here and now, in its contract."""
        return super().apply(*args, **self._with_header(options))

    def _with_header(self, options: dict[str, Any]) -> dict[str, Any]:
        headers = dict(options.get("headers") or {})
        contract = current_contract()
        if HEADER not in headers:
            if contract is None:
                raise NoContractError(f"{self.name} was sent where no contract is in hand.")
            headers[HEADER] = sign_header(self.name, contract)
        elif contract is not None and read_header(self.name, headers[HEADER]).id != contract.id:
            raise OtherContractError(f"{self.name} belongs to another contract.")
        return {**options, "headers": headers}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run, once the contract in hand is certainly the message's.

        Celery swallows what a prerun handler raises, so the check stands here as well. A plain
        call of the function needs a contract in hand.
        """
        contract = current_contract()
        if self.request.called_directly:
            if contract is None:
                raise NoContractError(f"{self.name} was called where no contract is in hand.")
        else:
            named = read_header(self.name, (self.request.headers or {}).get(HEADER))
            if contract is None or contract.id != named.id:
                raise ContractHeaderError(f"{self.name} runs in a contract that is not its own.")
        return super().__call__(*args, **kwargs)


_open: dict[str, ExitStack] = {}


def enter_contract(task_id: str, task: _Task, **_: Any) -> None:
    """Before a task: put its contract, or none, in hand; also for the callbacks that follow it."""
    contract = None
    if isinstance(task, ContractTask):
        try:
            contract = read_header(task.name, (task.request.headers or {}).get(HEADER))
        except (TenancyError, LookupError, ValueError):
            contract = None  # the task's own check refuses to run, and the worker reports that
    stack = ExitStack()
    stack.enter_context(bind_context(request_id=task_id))
    stack.enter_context(contract_context(contract))
    _open[task_id] = stack


def leave_contract(task_id: str, **_: Any) -> None:
    """After a task, whatever became of it: put back what was in hand before."""
    stack = _open.pop(task_id, None)
    if stack is not None:
        stack.close()


def check_task_classes(app: Celery) -> None:
    """Refuse to start with a task that does not say whose data it touches.

    Raises ImproperlyConfigured with the names. Celery's own tasks touch none.
    """
    others = sorted(
        name
        for name, task in app.tasks.items()
        if not name.startswith("celery.") and not isinstance(task, _PortalTask)
    )
    if others:
        raise ImproperlyConfigured(
            f"These tasks are neither ContractTask nor SharedTask: {', '.join(others)}"
        )


def _check_at_start(sender: Any, **_: Any) -> None:
    app = sender if isinstance(sender, Celery) else sender.app
    app.loader.import_default_modules()
    try:
        check_task_classes(app)
    except ImproperlyConfigured as error:
        # Celery logs and swallows what a signal's handler raises, except this.
        raise SystemExit(str(error)) from error


def _probe_at_start(**_: Any) -> None:
    """A worker that cannot be sure whose data its statements reach does not start."""
    # Models can be imported once Django is set up, which is after this module is read.
    from tenants.identity.probe import check_everything  # noqa: PLC0415

    try:
        check_everything()
    except (TenancyError, DatabaseError, InterfaceError) as error:
        raise SystemExit(f"The start-up probe did not pass: {error}") from error
    finally:
        connections.close_all()


def connect() -> None:
    """Have Celery tell us of each task, and of a worker's or scheduler's start."""
    signals.task_prerun.connect(enter_contract, weak=False, dispatch_uid="portal-contract")
    signals.task_postrun.connect(leave_contract, weak=False, dispatch_uid="portal-contract")
    signals.worker_init.connect(_check_at_start, weak=False, dispatch_uid="portal-contract")
    signals.worker_init.connect(_probe_at_start, weak=False, dispatch_uid="portal-probe")
    signals.beat_init.connect(_check_at_start, weak=False, dispatch_uid="portal-contract")
