"""Whether the database's login keeps the audit trail as it is, for `manage.py check`.

Asked only where a database is named (`manage.py check --deploy --database default`).
"""

from collections.abc import Sequence
from typing import Any, Final

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage
from django.db import DatabaseError, connections

_TABLES: Final = ("core_audit_auditevent", "core_audit_auditseal")
_RIGHTS: Final = """
    SELECT current_user,
           has_table_privilege(current_user, %s, 'UPDATE, DELETE, TRUNCATE, TRIGGER')
           OR pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = %s::regclass),
                          'MEMBER')
"""


def login_cannot_change_events(
    databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Say when the application's login could change or delete what the audit recorded."""
    if "default" not in (databases or ()):
        return []
    found: list[CheckMessage] = []
    for table in _TABLES:
        try:
            with connections["default"].cursor() as cursor:
                cursor.execute(_RIGHTS, [table, table])
                login, may_change = cursor.fetchone()
        except DatabaseError:
            continue  # not migrated yet
        if may_change:
            found.append(
                checks.Error(
                    f"The login {login} could change or delete rows of {table}.",
                    hint="Give the application a login of its own, and the tables another owner: "
                    "docs/runbooks/deploy.md.",
                    id="audit.E001",
                )
            )
    return found


def heads_are_kept(**_: Any) -> list[CheckMessage]:
    """Say when nothing outside the database knows how long the chains are."""
    if settings.AUDIT_HEADS_BUCKET or settings.AUDIT_HEADS_FOLDER:
        return []
    return [
        checks.Warning(
            "The heads of the audit's chains are kept nowhere: who owns the database can cut a "
            "chain off at its end.",
            hint="Set AUDIT_HEADS_BUCKET (docs/howto/keep-audit-heads.md).",
            id="audit.W001",
        )
    ]
