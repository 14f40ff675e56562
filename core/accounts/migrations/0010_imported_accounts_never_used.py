"""An account that was imported and that nobody has come to since was never used.

Until now an import counted as a use, at the very moment of the import.
"""

from typing import ClassVar

from django.db import migrations

NEVER_USED = """
UPDATE core_accounts_user AS account
SET last_used_at = NULL
FROM core_accounts_importedaccount AS imported
WHERE imported.user_id = account.id AND account.last_used_at = imported.imported_at
"""
USED_BY_THE_IMPORT = """
UPDATE core_accounts_user AS account
SET last_used_at = imported.imported_at
FROM core_accounts_importedaccount AS imported
WHERE imported.user_id = account.id AND account.last_used_at IS NULL
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("core_accounts", "0009_failures_start_empty")]

    operations: ClassVar = [migrations.RunSQL(NEVER_USED, USED_BY_THE_IMPORT)]
