"""The moments of failures take the place of their count, so that the lock's window can slide.

Of the failures that an account has when this runs, all are taken to have been at the first, which
is how they were counted.
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
WHERE cardinality(failed_at) > 0
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("core_accounts", "0007_counts_behind_limits")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="user",
            name="failed_at",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.DateTimeField(), default=list, size=None
            ),
        ),
        migrations.RunSQL(MOMENTS, COUNTS),
        migrations.RemoveField(model_name="user", name="failed_attempts"),
        migrations.RemoveField(model_name="user", name="first_failed_at"),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("failed_at__len__lte", 20)),
                name="user_failures_are_bounded",
            ),
        ),
    ]
