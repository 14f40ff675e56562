"""Management commands beside the running portal, from a process that has Django loaded already.

A command of its own costs a second and a half of the processor before it begins. Each still runs
in a process of its own, a fork of this one, with connections of its own.

    python -m tests.browser.commands        one command a line, as a JSON list of its words
"""

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
_MODULE = "tests.browser.commands"


class CommandFailedError(AssertionError):
    """A command ended with another code than 0; the message is what it said."""


class Commands:
    """Takes commands and returns what they print."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, *words: str) -> str:
        """Run a command to its end. Raises CommandFailedError."""
        asked, answered = self._process.stdin, self._process.stdout
        assert asked
        assert answered
        asked.write(json.dumps(words) + "\n")
        asked.flush()
        outcome: dict[str, Any] = json.loads(answered.readline())
        if outcome["code"]:
            raise CommandFailedError(f"{' '.join(words)}: {outcome['code']}\n{outcome['output']}")
        return str(outcome["output"])


@contextmanager
def commands(env: Mapping[str, str]) -> Iterator[Commands]:
    """Have the process run inside the block."""
    with subprocess.Popen(
        [sys.executable, "-m", _MODULE],
        cwd=ROOT,
        env={"DJANGO_SETTINGS_MODULE": "config.settings.local", **env},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Commands(process)
        assert process.stdin
        process.stdin.close()


def serve() -> None:
    """Run each command that is asked for, until nobody asks any more."""
    import django

    django.setup()
    for line in sys.stdin:
        code, output = _run_apart(json.loads(line))
        sys.stdout.write(json.dumps({"code": code, "output": output}) + "\n")
        sys.stdout.flush()


def _run_apart(words: list[str]) -> tuple[int, str]:
    said, says = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(said)
        os._exit(_run(words, says))
    os.close(says)
    with os.fdopen(said) as reader:
        output = reader.read()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), output


def _run(words: list[str], says: int) -> int:
    """Run a command in this process, which ends with it, as `manage.py` does."""
    from django.core.management import execute_from_command_line

    os.dup2(says, sys.stdout.fileno())
    code = 0
    try:
        execute_from_command_line(["manage.py", *words])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 (whatever it is, the test is told)
        traceback.print_exc(file=sys.stdout)
        code = 1
    with suppress(BrokenPipeError):
        sys.stdout.flush()
    return code


if __name__ == "__main__":
    serve()
