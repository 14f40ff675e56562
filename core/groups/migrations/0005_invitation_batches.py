"""Files of new users, checked and invited in the background."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import core.common.ids


class Migration(migrations.Migration):
    dependencies = [
        ("core_groups", "0004_recovery_requests"),
    ]

    operations = [
        migrations.CreateModel(
            name="InvitationBatch",
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
                ("uploaded_by", models.UUIDField(db_index=True)),
                ("uploaded_at", models.DateTimeField()),
                ("file_name", models.CharField(max_length=100)),
                ("host", models.CharField(blank=True, max_length=254)),
                ("started_at", models.DateTimeField(null=True)),
                ("moved_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at__isnull", True),
                            ("started_at__isnull", False),
                            _connector="OR",
                        ),
                        name="invitation_batch_ends_after_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("started_at__isnull", True),
                            ("moved_at__isnull", False),
                            _connector="XOR",
                        ),
                        name="invitation_batch_moves_once_started",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BatchRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("email", models.CharField(blank=True, max_length=254)),
                ("username", models.CharField(blank=True, max_length=60)),
                ("invitee", models.JSONField(default=dict)),
                (
                    "providers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), default=list, size=None
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("group_admin", "Provider Group Admin"),
                            ("provider_admin", "Provider Admin"),
                            ("staff", "Provider Staff Account"),
                        ],
                        max_length=20,
                    ),
                ),
                ("column", models.CharField(blank=True, max_length=40)),
                ("problem", models.CharField(blank=True, max_length=300)),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "invitation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="core_groups.invitation",
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rows",
                        to="core_groups.invitationbatch",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at__isnull", True), ("problem", "")),
                        fields=["batch", "number"],
                        name="batch_row_waiting",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("batch", "number"), name="batch_row_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("invitation__isnull", True),
                            ("done_at__isnull", False),
                            _connector="OR",
                        ),
                        name="batch_row_invites_when_done",
                    ),
                ],
            },
        ),
    ]
