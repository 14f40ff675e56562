"""What migrations do with accounts that are there: each way in one transaction that is taken back.

The application's connection stays out of it: it would wait for the owner's locks.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from tenants.context import contract_context

pytestmark = pytest.mark.django_db(databases=["owner"])

APP = "core_accounts"
FIRST = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
FACTS: dict[str, Any] = {
    "id": "",
    "username": "",
    "email": "",
    "password": "!",
    "first_name": "Ann",
    "last_name": "Reed",
    "phone": "",
    "fax": "",
    "address_1": "",
    "address_2": "",
    "city": "",
    "state": "",
    "zip": "",
    "is_active": True,
    "is_staff_member": False,
    "signs_in_elsewhere": False,
    "security_epoch": 1,
    "deactivation": "",
    "created_at": FIRST,
}
"""What every account has, by the columns that the release before 0008 named as well."""


def test_counted_failures_become_as_many_moments_at_the_first() -> None:
    with contract_context(None):
        _take_back("0008_moments_of_failures")
        counts = {"none": (0, None), "three": (3, FIRST), "many": (500, FIRST)}
        for name, (count, first) in counts.items():
            _insert(name, failed_attempts=count, first_failed_at=first)
        _apply("0008_moments_of_failures")
        assert {name: _value(name, "failed_at") for name in counts} == {
            "none": [],
            "three": [FIRST] * 3,
            "many": [FIRST] * 20,  # as many as the column may hold; each lock has come by then
        }


def test_moments_become_a_count_again() -> None:
    with contract_context(None):
        moments = [FIRST, FIRST + timedelta(minutes=5)]
        _insert("two", failed_at=moments)
        _insert("none", failed_at=[], failed_attempts=4, first_failed_at=FIRST)
        _take_back("0008_moments_of_failures")
        assert (_value("two", "failed_attempts"), _value("two", "first_failed_at")) == (2, FIRST)
        assert (_value("none", "failed_attempts"), _value("none", "first_failed_at")) == (0, None)


def test_the_release_before_works_beside_this_one() -> None:
    """Either makes accounts without the other's columns, and finds its own in them."""
    with contract_context(None):
        _insert("by-the-old", failed_attempts=0, first_failed_at=None)
        assert _value("by-the-old", "failed_at") == []
        _insert("by-the-new", failed_at=[FIRST])
        assert _value("by-the-new", "failed_attempts") == 0
        assert _value("by-the-new", "first_failed_at") is None


def test_a_database_that_had_no_default_gets_one() -> None:
    with contract_context(None), connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE core_accounts_user ALTER COLUMN failed_at DROP DEFAULT")
        _apply("0009_failures_start_empty")
        _insert("by-the-old", failed_attempts=0, first_failed_at=None)
        assert _value("by-the-old", "failed_at") == []


def test_an_import_is_no_use_of_an_account() -> None:
    name, later = "0010_imported_accounts_never_used", FIRST + timedelta(days=3)
    with contract_context(None):
        for person, used_at in {"imported": FIRST, "came": later, "ours": FIRST}.items():
            _insert(person, last_used_at=used_at)
        for person in ("imported", "came"):
            _insert_imported(person)
        _apply(name)
        found = {one: _value(one, "last_used_at") for one in ("imported", "came", "ours")}
        assert found == {"imported": None, "came": later, "ours": FIRST}
        _take_back(name)
        assert _value("imported", "last_used_at") == FIRST


def _state_before(name: str) -> ProjectState:
    loader = MigrationLoader(None)
    state: ProjectState = loader.project_state((APP, name), at_end=False)
    return state


def _apply(name: str) -> None:
    migration = MigrationLoader(None).get_migration(APP, name)
    with connections["owner"].schema_editor() as editor:
        migration.apply(_state_before(name), editor)


def _take_back(name: str) -> None:
    migration = MigrationLoader(None).get_migration(APP, name)
    with connections["owner"].schema_editor() as editor:
        migration.unapply(_state_before(name), editor)


def _insert(name: str, **columns: Any) -> None:
    own = {"id": uuid4(), "username": name, "email": f"{name}@clinic.example"}
    row = FACTS | own | columns
    places = ", ".join(["%s"] * len(row))
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            f"INSERT INTO core_accounts_user ({', '.join(row)}) VALUES ({places})",
            list(row.values()),
        )


def _insert_imported(username: str) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_accounts_importedaccount"
            " (id, user_id, email_digest, key_version, family, encoded, imported_at)"
            " SELECT %s, id, %s, 1, '', '', %s FROM core_accounts_user WHERE username = %s",
            [uuid4(), b"d" * 32, FIRST, username],
        )


def _value(name: str, column: str) -> object:
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM core_accounts_user WHERE username = %s", [name])
        (value,) = cursor.fetchone()
    return value
