"""`last_used_at` says when an account was used last; Django's own field goes."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("core_accounts", "0001_initial")]

    operations: ClassVar = [migrations.RemoveField(model_name="user", name="last_login")]
