"""`make test`: every check, what can run side by side side by side, pytest's summary last.

python -m config.run.checks [--with-browser] [PYTEST-ARGUMENT…]
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from config.run.browser import ensure_browser
from config.run.first import ROOT, SetupError

_PYTHON = sys.executable
_TESTS = {"DJANGO_SETTINGS_MODULE": "config.settings.test"}
_SOURCES = ("config", "contracts", "core", "tenants", "tests", "manage.py")
# Values that pass for real ones: the check reads the settings and connects to nothing.
_PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "SECRET_KEY": "check-only-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
    "PORTAL_SECRET_KEYS": "1:" + "check-only-" * 4,
    "AUDIT_HEADS_BUCKET": "check-only",
    "ALLOWED_HOSTS": "portal.example",
    "DATABASE_URL": "postgresql://portal_app:check-only@database.example/portal",
    "DATABASE_OWNER_URL": "postgresql://portal_owner:check-only@database.example/portal",
    "REDIS_URL": "redis://cache.example/0",
}


@dataclass(frozen=True)
class Check:
    """One check: what it is called and the command that makes it."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What became of a check."""

    name: str
    code: int
    output: str
    seconds: float


def checks() -> list[Check]:
    """Return the checks beside pytest, the quick ones first."""
    manage = (_PYTHON, "manage.py")
    return [
        Check("format", (_PYTHON, "-m", "ruff", "format", "--check", ".")),
        Check("lint", (_PYTHON, "-m", "ruff", "check", ".")),
        Check("packages", (_PYTHON, "-m", "pip", "check", "--disable-pip-version-check")),
        Check("import contracts", (_program("lint-imports"),)),
        Check(
            "production settings",
            (*manage, "check", "--deploy", "--fail-level", "WARNING"),
            _PRODUCTION,
        ),
        Check("missing migrations", (*manage, "makemigrations", "--check", "--dry-run")),
        Check("templates", (_program("djlint"), "templates", "--lint", "--quiet")),
        Check("types", (_PYTHON, "-m", "mypy", *_SOURCES)),
    ]


def main(arguments: list[str]) -> int:
    """Run every check. Return 0 when all passed."""
    parser = argparse.ArgumentParser(prog="python -m config.run.checks", description=__doc__)
    parser.add_argument("--with-browser", action="store_true")
    options, pytest_arguments = parser.parse_known_args(arguments)
    began = time.monotonic()
    with ThreadPoolExecutor(max_workers=1) as pool, tempfile.NamedTemporaryFile() as output:
        others = [pool.submit(_run, check) for check in checks()]
        try:
            tests = _start_tests(
                output.fileno(), pytest_arguments, with_browser=options.with_browser
            )
        except SetupError as error:
            for other in others:
                other.cancel()
            sys.stderr.write(f"{error}\n")
            return 1
        try:
            failed = _report(others)
            code = _stream(tests, Path(output.name))
        except BaseException:
            for other in others:
                other.cancel()
            tests.terminate()
            tests.wait()
            raise
    if failed:
        _say(f"\nFailed beside the tests ({time.monotonic() - began:.0f} s): {', '.join(failed)}")
    return 1 if failed or code else 0


def _start_tests(
    output: int, arguments: Sequence[str], *, with_browser: bool
) -> "subprocess.Popen[bytes]":
    env = {**os.environ, **_TESTS}
    # What one process has compiled the others read: tests in parallel, and portals that they start.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    selection = ["-m", "not browser"]
    workers = os.cpu_count() or 2
    if with_browser:
        env["PORTAL_CHROMIUM"] = ensure_browser()
        selection = []
        workers += 1  # one of them waits for the portal and the browser most of its time
    color = ["--color=yes"] if sys.stdout.isatty() else []
    return subprocess.Popen(
        [
            *(_PYTHON, "-m", "pytest", "-n", str(workers), "--ignore=tests/bench"),
            *selection,
            *color,
            *arguments,
        ],
        cwd=ROOT,
        env=env,
        stdout=output,
        stderr=subprocess.STDOUT,
    )


def _run(check: Check) -> Outcome:
    began = time.monotonic()
    run = subprocess.run(
        check.command,
        cwd=ROOT,
        env={**os.environ, **_TESTS, **check.env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    return Outcome(check.name, run.returncode, run.stdout, time.monotonic() - began)


def _report(others: "Sequence[Future[Outcome]]") -> list[str]:
    failed = []
    for other in others:
        outcome = other.result()
        _say(f"{'FAILED' if outcome.code else 'ok':7} {outcome.name} ({outcome.seconds:.0f} s)")
        if outcome.code:
            failed.append(outcome.name)
            _say(outcome.output.rstrip() + "\n")
    return failed


def _stream(tests: "subprocess.Popen[bytes]", file: Path) -> int:
    """Show what the tests have said so far and go on until they end. Return their exit code."""
    with file.open("rb") as written:
        while True:
            code = tests.poll()
            shutil.copyfileobj(written, sys.stdout.buffer)
            sys.stdout.flush()
            if code is not None:
                return code
            with suppress(subprocess.TimeoutExpired):
                tests.wait(0.5)


def _program(name: str) -> str:
    """Return a program of this environment."""
    return str(Path(_PYTHON).parent / name)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
