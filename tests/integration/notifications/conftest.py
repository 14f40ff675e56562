"""Kinds of message and channels for the tests of the outbox."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from core.common.ids import uuid7
from core.notifications import dispatch, kinds
from core.notifications.channels import base
from core.notifications.channels.base import ChannelReceipt, Sender
from core.notifications.kinds import MessageKind, Rendered
from core.notifications.models import OutboxMessage
from core.notifications.services import settling
from core.notifications.services.outbox import enqueue
from core.notifications.states import Channel

AT = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime = AT) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> datetime:
        self.at += timedelta(**span)
        return self.at


class Unhurried:
    """A source of chance that always says the least."""

    def random(self) -> float:
        return 0.0


@pytest.fixture(autouse=True)
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are as long as the table says; test_settling.py looks at what is added."""
    monkeypatch.setattr(settling, "_random", Unhurried())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@dataclass
class FakeChannel:
    """A channel that remembers what it was handed and fails as it is told."""

    repeats_safely: bool = False

    failures: list[BaseException] = field(default_factory=list)
    sent: list[tuple[Rendered, str]] = field(default_factory=list)
    before: Callable[[], None] = lambda: None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, rendered: Rendered, *, sender: Sender, reference: str) -> ChannelReceipt:
        self.before()
        with self.lock:
            self.sent.append((rendered, reference))
        if self.failures:
            raise self.failures.pop(0)
        return ChannelReceipt(reference=f"provider-{len(self.sent)}")


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> FakeChannel:
    """One fake channel for mail, text messages and calls."""
    fake = FakeChannel()
    monkeypatch.setattr(base, "_channel", lambda path: fake)
    return fake


@dataclass
class Minter:
    """Makes messages with a new secret each time, and remembers the secrets."""

    minted: list[str] = field(default_factory=list)
    moments: list[datetime] = field(default_factory=list)
    outcomes: list[tuple[str, datetime]] = field(default_factory=list)
    wanted: bool = True
    error: Exception | None = None
    listener: Callable[[OutboxMessage], None] = lambda message: None

    def prepare(self, message: OutboxMessage, at: datetime) -> Rendered | None:
        if self.error is not None:
            raise self.error
        if not self.wanted:
            return None
        secret = f"secret-{len(self.minted) + 1}"
        self.minted.append(secret)
        self.moments.append(at)
        return Rendered(to=message.to, subject="Sample", text=f"Here: {secret}", code=secret)

    def on_outcome(self, message: OutboxMessage, at: datetime) -> None:
        self.listener(message)
        self.outcomes.append((message.status, at))


@pytest.fixture
def minter(monkeypatch: pytest.MonkeyPatch) -> Minter:
    """Registers three kinds that mint: `sample_code`, `sample_link` and `sample_call`."""
    made = Minter()
    table = {
        name: MessageKind(
            name=name,
            channel=way,
            at_most_once=once,
            prepare=made.prepare,
            on_outcome=made.on_outcome,
        )
        for name, way, once in (
            ("sample_code", Channel.SMS, True),
            ("sample_link", Channel.EMAIL, False),
            ("sample_call", Channel.VOICE, True),
        )
    }
    monkeypatch.setattr(kinds, "_kinds", {**kinds._kinds, **table})
    return made


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """What was announced to the workers, instead of being delivered at once."""
    found: list[UUID] = []
    monkeypatch.setattr(dispatch._Dispatcher, "announce", found.append)
    return found


def put(kind: str, *, at: datetime = AT, **options: Any) -> OutboxMessage:
    """Put one message into the outbox in a transaction of its own."""
    options.setdefault("to", "dana.reed@clinic.example.org")
    options.setdefault("subject_id", uuid7())
    with transaction.atomic():
        return enqueue(kind=kind, at=at, **options)
