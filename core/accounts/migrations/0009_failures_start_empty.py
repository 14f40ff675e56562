"""Let the database say that an account begins without failures.

0008 gives the column this default by now; a database that it changed before has none, and the
release before, which makes accounts without naming the column, could not work beside this one.
"""

from typing import ClassVar

from django.db import migrations

EMPTY = "ALTER TABLE core_accounts_user ALTER COLUMN failed_at SET DEFAULT '{}'"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("core_accounts", "0008_moments_of_failures")]

    operations: ClassVar = [migrations.RunSQL(EMPTY, migrations.RunSQL.noop)]
