"""The moments of failures take the place of their count, so that the lock's window can slide.

Of the failures that an account has when this runs, all are taken to have been at the first, which
is how they were counted. The release before reads and writes the count, and runs beside this one for
a while: its columns stay, with a default for rows that are made without them, and go with a later
release (docs/runbooks/deploy.md).
"""

from typing import ClassVar

import django.contrib.postgres.fields
from django.db import migrations, models

MOMENTS = """
UPDATE core_accounts_user
SET failed_at = array_fill(first_failed_at, ARRAY[least(failed_attempts, 20)])
WHERE failed_attempts > 0 AND first_failed_at IS NOT NULL
"""
COUNTS = """
UPDATE core_accounts_user
SET failed_attempts = cardinality(failed_at), first_failed_at = failed_at[1]
"""
WITHOUT_COUNT = "ALTER TABLE core_accounts_user ALTER COLUMN failed_attempts SET DEFAULT 0"
WITH_COUNT = "ALTER TABLE core_accounts_user ALTER COLUMN failed_attempts DROP DEFAULT"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("core_accounts", "0007_counts_behind_limits")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="user",
            name="failed_at",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.DateTimeField(), db_default=[], default=list, size=None
            ),
        ),
        migrations.RunSQL(MOMENTS, COUNTS),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(WITHOUT_COUNT, WITH_COUNT)],
            state_operations=[
                migrations.RemoveField(model_name="user", name="failed_attempts"),
                migrations.RemoveField(model_name="user", name="first_failed_at"),
            ],
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("failed_at__len__lte", 20)),
                name="user_failures_are_bounded",
            ),
        ),
    ]
