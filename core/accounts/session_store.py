"""Sessions in the database, written once a request (the engine named in the settings).

Django's own store looks whether each new key is free, writes an empty row under it at once, and
reads the old row before it deletes it. A key of 165 random bits needs no look; the row is written
when the response leaves, by INSERT, so that a key that exists after all is still an error.
"""

from typing import Any

from django.contrib.sessions.backends.base import VALID_KEY_CHARS, CreateError, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import DatabaseError, IntegrityError, transaction
from django.utils.crypto import get_random_string

_KEY_LENGTH = 32


class SessionStore(DatabaseStore):
    """One statement to write, one to delete."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self._is_unwritten = False

    def create(self) -> None:
        """Take a new key; the row is written by `save`."""
        self._session_key = get_random_string(_KEY_LENGTH, VALID_KEY_CHARS)
        self._is_unwritten = True
        self.modified = True

    def cycle_key(self) -> None:
        """Go on under a new key; what was stored under the former one is gone at once."""
        data: dict[str, Any] = self._session  # type: ignore[attr-defined]
        former = None if self._is_unwritten else self.session_key
        self.create()
        self._session_cache = data
        if former:
            self.delete(former)

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's own
        """Write the session. Raises CreateError for a taken key, UpdateError for a deleted row."""
        if self.session_key is None:
            self.create()
        is_new = must_create or self._is_unwritten
        data = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        row = self.create_model_instance(data)
        try:
            self._write(row, is_new=is_new)
        except IntegrityError as error:
            raise (CreateError if is_new else error) from error
        except DatabaseError as error:
            raise (error if is_new else UpdateError) from error
        self._is_unwritten = False

    def _write(self, row: Any, *, is_new: bool) -> None:
        # A single statement is a transaction by itself; inside one, a failure must not spoil it.
        if transaction.get_connection().in_atomic_block:
            with transaction.atomic():
                row.save(force_insert=is_new, force_update=not is_new)
        else:
            row.save(force_insert=is_new, force_update=not is_new)

    def delete(self, session_key: str | None = None) -> None:
        """Delete a stored session, or this one."""
        key = self.session_key if session_key is None else session_key
        if key is not None:
            # Nothing refers to a session: no look at what would go with it.
            rows = self.model.objects.filter(session_key=key)
            rows._raw_delete(rows.db)  # noqa: SLF001
