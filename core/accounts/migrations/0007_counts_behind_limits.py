"""The counts behind limits, kept by accounts for every app that limits something."""

from django.db import migrations, models

import core.common.ids


class Migration(migrations.Migration):
    dependencies = [
        ("core_accounts", "0006_who_signs_in_elsewhere"),
    ]

    operations = [
        migrations.CreateModel(
            name="LimitCount",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.common.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("scope", models.CharField(max_length=40)),
                ("digest", models.BinaryField(max_length=32)),
                ("window_ends_at", models.DateTimeField(db_index=True)),
                ("attempts", models.PositiveIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("scope", "digest"), name="limit_count_once")
                ],
            },
        ),
    ]
