"""A run through the choice of a factor keeps the epoch of the account that it began under."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("core_mfa", "0002_remembered_browsers")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="mfaregistration",
            name="account_epoch",
            field=models.PositiveIntegerField(null=True),
        ),
    ]
