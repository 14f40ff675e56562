"""The tests' database: one template, migrated and with the sample contracts, cloned per process.

The template is made by the same code that prepares a local portal, logged in as owner and as
application, and made anew when something that it was made from changes.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql

from config import embedded
from config.embedded.postgres import binary
from config.embedded.roles import ensure_database
from tests.support.memory import keep_in_memory

ROOT = Path(__file__).resolve().parent.parent.parent
STATE = embedded.test_state_folder()
SERVERS = embedded.addresses(STATE)

_TEMPLATE = "portal_template_"
_CLONE = "portal_test_"
_COMPLETE = "complete"
_DROP: LiteralString = "DROP DATABASE IF EXISTS {} WITH (FORCE)"
_LONGEST_PREPARATION = 120
# What the template is made from: tables, configuration, the code that publishes and imports.
_MADE_FROM = (
    "Pipfile.lock",
    "config/deployment.toml",
    "config/embedded/roles.py",
    "config/run/data.py",
    "config/settings/base.py",
    "contracts/programs/**/*",
    "contracts/console/**/*.py",
    "contracts/directory/**/*.py",
    "contracts/roster/**/*.py",
    "contracts/**/migrations/*.py",
    "contracts/registration/rules/*.py",
    "core/**/migrations/*.py",
    # A model says what the application's login may do with its table.
    "core/**/models.py",
    "core/**/models/*.py",
    "core/audit/*.py",
    "tenants/**/*.py",
    "tenants/**/*.sql",
)


class TemplateError(RuntimeError):
    """The template could not be made; the message is the output of what made it."""


def template_digest() -> str:
    """Return a digest of everything that the template is made from."""
    digest = hashlib.sha256()
    files = {path for pattern in _MADE_FROM for path in ROOT.glob(pattern) if path.is_file()}
    for path in sorted(files):
        if "__pycache__" not in path.parts:
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def ensure_template() -> str:
    """Return the name of a finished template, made now if there is none. Raises TemplateError."""
    name = _TEMPLATE + template_digest()
    with _locked("template.lock"):
        if not _is_complete(name):
            _drop_all(_TEMPLATE)
            ensure_database(SERVERS, name)
            _prepare(name)
            _execute(_named("COMMENT ON DATABASE {} IS 'complete'", name))
    return name


def clone(template: str, name: str) -> None:
    """Make the database `name` as a copy of the template, in place of one that is there."""
    _execute(
        _named(_DROP, name),
        # Not through the log, block by block: that costs three times as much of the processor.
        _named(
            "CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY FILE_COPY",
            name,
            template,
            embedded.OWNER,
        ),
        _named("REVOKE ALL ON DATABASE {} FROM PUBLIC", name),
        _named("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}", name, embedded.APPLICATION),
    )


def copy_to_portal(state: Path) -> None:
    """Fill the new, empty database of the portal in `state`, whose servers run, as the template is.

    Migrating and publishing there would take nine seconds of the processor for each.
    """
    ensure_database(embedded.addresses(state))
    template = embedded.addresses(STATE, database=ensure_template()).owner_url
    dump = subprocess.run(
        [binary("pg_dump"), "--no-comments", template], stdout=subprocess.PIPE, check=True
    )
    subprocess.run(
        [
            *(binary("psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"),
            *("--single-transaction", "--output=/dev/null", embedded.addresses(state).owner_url),
        ],
        input=dump.stdout,
        check=True,
    )


def drop(name: str) -> None:
    """Remove the database `name` with whoever is connected to it."""
    _execute(_named(_DROP, name))


@contextmanager
def running_servers() -> Iterator[None]:
    """Have the tests' servers run inside the block; what killed runs left behind is removed."""
    keep_in_memory(STATE)
    with embedded.attached(STATE, durable=False), (STATE / "clones.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pass  # other test processes are at work: their clones are alive
        else:
            _drop_all(_CLONE)
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


@contextmanager
def _locked(name: str) -> Iterator[None]:
    with (STATE / name).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _prepare(name: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "config.run.prepare"],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
            "PORTAL_TEST_DATABASE": name,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_LONGEST_PREPARATION,
        check=False,
    )
    if run.returncode:
        raise TemplateError(f"The tests' template database could not be made:\n{run.stdout}")


def _is_complete(name: str) -> bool:
    with psycopg.connect(SERVERS.superuser_url) as connection:
        row = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            [name],
        ).fetchone()
    return row is not None and row[0] == _COMPLETE


def _drop_all(prefix: str) -> None:
    with psycopg.connect(SERVERS.superuser_url) as connection:
        names = connection.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix]
        ).fetchall()
    for (name,) in names:
        drop(name)


def _execute(*statements: sql.Composed) -> None:
    """Make statements one after the other in one session, each a transaction of its own."""
    with psycopg.connect(SERVERS.superuser_url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def _named(statement: LiteralString, *identifiers: str) -> sql.Composed:
    return sql.SQL(statement).format(*map(sql.Identifier, identifiers))
