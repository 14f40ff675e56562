"""Sessions of browsers."""

from typing import ClassVar

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.db import models

from core.accounts.models.accounts import ContractAccess, User, account_facts, mail_trouble


class SessionManager(BaseSessionManager["Session"]):
    """Look-ups of sessions."""

    def with_account(self) -> "models.QuerySet[Session]":
        """Return sessions with what `UserManager.with_contracts` says of their accounts."""
        access = ContractAccess.objects.filter(user=models.OuterRef("account"), until__isnull=True)
        return self.select_related("account").annotate(
            contract_keys=ArraySubquery(access.values("contract_id")),
            mail_trouble=mail_trouble("account__email"),
            **account_facts("account"),
        )


class Session(AbstractBaseSession):
    """What a browser has with us, signed in or not.

    `session_key` is a digest of what the browser holds: who reads the table cannot come in with
    what stands there. `account` is who is signed in or signing in; `sign_in` names the session to
    its owner and stays when the key changes. Both stand in the data, too, which says the rest
    (`core.accounts.sessions.lifecycle`).
    """

    account = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="sessions")
    sign_in = models.UUIDField(null=True)

    objects: ClassVar[SessionManager] = SessionManager()

    def __str__(self) -> str:
        return f"session of {self.account_id or 'nobody'}"

    @classmethod
    def get_session_store_class(cls) -> type:
        """Return the store that writes these rows."""
        from core.accounts.sessions.store import SessionStore  # noqa: PLC0415 - it imports this one

        return SessionStore
