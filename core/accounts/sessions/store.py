"""Sessions in the database, written once a request (the engine named in the settings).

Django's own store looks whether each new key is free, writes an empty row under it at once, and
reads the old row before it deletes it. A key of 160 random bits needs no look; the row is written
when the response leaves, by INSERT, so that a key that exists after all is still an error.

The account of a session is read by the statement that reads the session. The table knows digests
of keys alone; they need no secret, because nobody can try all keys.
"""

import hashlib
from base64 import b32encode
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_bytes
from typing import Any
from uuid import UUID

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.core import signing
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from core.accounts.models import Session, User
from core.accounts.models.accounts import account_fact_names
from core.accounts.sessions.guarding import RECORD_KEY, SessionRecord
from core.common.compiled import CompiledQuery
from core.common.writing import insert_together

_KEY_BYTES = 20
_DIGEST_LENGTH = 40
LOGIN_KEY = "account_login"
"""Where django-allauth keeps a sign-in under way (`stagekit.LOGIN_SESSION_KEY`)."""

_READ = CompiledQuery(
    lambda session_key, at: Session.objects.with_account().filter(
        session_key=session_key, expire_date__gt=at
    )
)
_REPLACE = f"""UPDATE {Session._meta.db_table}
SET session_key = %s, session_data = %s, expire_date = %s, account_id = %s, sign_in = %s
WHERE session_key = %s
"""  # noqa: S608 - the table's own name


def row_key(session_key: str) -> str:
    """Return what a session stands under in the table: a digest of the browser's key."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:_DIGEST_LENGTH]


class SessionStore(DatabaseStore):
    """One statement to read a session and its account, one to write, one to delete.

    `account` is the account as it was read with the session, active or not; None where the
    session was not read or is nobody's; `is_lost` says that there is no row under the browser's
    key. A new key takes the place of the former one when the
    session is written, by one statement: a session that was ended meanwhile does not come back
    under another key.
    """

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self.account: User | None = None
        self.sign_in: UUID | None = None
        self.is_lost = False
        self._is_unwritten = False
        self._former: str | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Return the model of the rows."""
        return Session

    def _get_session_from_db(self) -> Session | None:
        row = _READ.first(session_key=row_key(str(self.session_key)), at=timezone.now())
        if row is None:
            self._session_key, self.is_lost = None, True
            return None
        self.account, self.sign_in = row.account, row.sign_in
        if self.account is not None:
            self.account.contract_keys = row.contract_keys  # type: ignore[attr-defined]
            self.account.mail_trouble = row.mail_trouble  # type: ignore[attr-defined]
            for name in account_fact_names():
                setattr(self.account, name, getattr(row, name))
        return row

    def encode(self, session_dict: dict[str, Any]) -> str:
        """Return the data as it stands in the row, in Django's own form.

        Not compressed: a few hundred bytes are read in each request and written in three.
        """
        return signing.dumps(session_dict, salt=self.key_salt, serializer=self.serializer)

    def exists(self, session_key: str) -> bool:
        """Tell whether a session is stored under a key."""
        return Session.objects.filter(session_key=row_key(session_key)).exists()

    def create(self) -> None:
        """Take a new key; the row is written by `save`."""
        self._session_key = _new_key()
        self._is_unwritten = True
        self.modified = True

    def cycle_key(self) -> None:
        """Go on under a new key; the former one ends when the session is written."""
        data: dict[str, Any] = self._session  # type: ignore[attr-defined]
        if not self._is_unwritten:
            self._former = self.session_key
        self.create()
        self._session_cache = data

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """Return the row for some data, with the account that the data names."""
        if self.session_key is None:
            self.create()
        record = SessionRecord.from_session(data.get(RECORD_KEY))
        return Session(
            session_key=row_key(str(self.session_key)),
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
            account_id=_account_in(data),
            sign_in=UUID(record.id) if record and record.id else None,
        )

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's own
        """Write the session. Raises CreateError for a taken key, UpdateError for an ended one."""
        if self.session_key is None:
            self.create()
        is_new = must_create or self._is_unwritten
        data = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        row = self.create_model_instance(data)
        try:
            with _short_transaction():
                if is_new:
                    self._write_new(row)
                elif not _replace(row.session_key, row):
                    raise UpdateError
        except IntegrityError as error:
            raise (CreateError if is_new else error) from error
        self._is_unwritten, self._former = False, None

    def _write_new(self, row: Session) -> None:
        """Write under a new key, in place of the former row where there was one.

        Where the former row is gone somebody else was faster: with a key of their own (a button
        pressed twice), which leaves this one its own, or with the end of the session.
        """
        if self._former is not None and _replace(row_key(self._former), row):
            return
        if self._former is not None and self.sign_in is not None:
            with transaction.atomic():
                going_on = Session.objects.select_for_update().filter(sign_in=self.sign_in)
                if not going_on.exists():
                    raise UpdateError
                insert_together(row)
            return
        insert_together(row)

    def delete(self, session_key: str | None = None) -> None:
        """Delete a stored session, or this one."""
        keys = [self.session_key, self._former] if session_key is None else [session_key]
        known = [row_key(key) for key in keys if key is not None]
        if known:
            # Nothing refers to a session: no look at what would go with it.
            rows = Session.objects.filter(session_key__in=known)
            rows._raw_delete(rows.db)  # noqa: SLF001
        if session_key is None:
            self._former = None


def _new_key() -> str:
    """Return a key of 160 random bits, in letters and digits that Django takes for one."""
    return b32encode(token_bytes(_KEY_BYTES)).decode().lower()


@contextmanager
def _short_transaction() -> Iterator[None]:
    """Keep a failure from spoiling the transaction in hand; a single statement needs none."""
    if transaction.get_connection().in_atomic_block:
        with transaction.atomic():
            yield
    else:
        yield


def _replace(key: str, row: Session) -> bool:
    """Write a row over the one under a key; tells whether that was there."""
    with connection.cursor() as cursor:
        cursor.execute(
            _REPLACE,
            (
                row.session_key,
                row.session_data,
                row.expire_date,
                row.account_id,
                row.sign_in,
                key,
            ),
        )
        return bool(cursor.rowcount)


def _account_in(data: dict[str, Any]) -> str | None:
    """Return whose session it is, or becomes when the sign-in under way succeeds."""
    if SESSION_KEY in data:
        return str(data[SESSION_KEY])
    login = data.get(LOGIN_KEY)
    return login.get("user_pk") if isinstance(login, dict) else None
