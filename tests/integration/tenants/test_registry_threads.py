"""A publication at any moment of a look-up: the next look-up sees it."""

import sys
from types import FrameType
from typing import Any

import pytest

from tenants import registry

pytestmark = pytest.mark.django_db


class PublishedAt:
    """Publishes, as another thread would, before one chosen instruction of the registry runs."""

    def __init__(self, instruction: int, publish: Any) -> None:
        self.left = instruction
        self._publish = publish

    def __call__(self, frame: FrameType, event: str, argument: object) -> Any:
        if frame.f_code.co_filename != registry.__file__:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            self.left -= 1
            if self.left == 0:
                sys.settrace(None)
                self._publish()
                sys.settrace(self)
        return self


def test_no_moment_hides_a_publication(monkeypatch: pytest.MonkeyPatch) -> None:
    world: list[Any] = ["first"]
    monkeypatch.setattr(registry, "load_snapshot", lambda former: world[-1])

    def publish() -> None:
        world.append(f"{world[-1]}+")
        registry._memory.forget()

    instruction, past_the_end = 0, False
    while not past_the_end:
        instruction += 1
        monkeypatch.setattr(registry, "_memory", registry._Memory())
        thread = PublishedAt(instruction, publish)
        former = sys.gettrace()
        sys.settrace(thread)
        try:
            registry._current()
        finally:
            sys.settrace(former)
        past_the_end = thread.left > 0
        assert registry._current() == world[-1], f"published at instruction {instruction}"
    assert instruction > 50
