"""The host on which a registration was sent. Code that does not know it goes on writing rows."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("contracts_registration", "0001_initial")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="pendingregistration",
            name="host",
            field=models.CharField(blank=True, db_default="", default="", max_length=253),
        ),
    ]
