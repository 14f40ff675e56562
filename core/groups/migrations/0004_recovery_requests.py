"""Requests to recover a group whose admin has left."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.common.ids


class Migration(migrations.Migration):
    dependencies = [
        ("core_groups", "0003_join_requests"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RecoveryRequest",
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
                ("evidence", models.CharField(max_length=2000)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "With the program's staff"),
                            ("waiting", "Granted, waiting"),
                            ("done", "Done"),
                            ("refused", "Refused"),
                            ("stopped", "Stopped"),
                            ("withdrawn", "Withdrawn"),
                            ("void", "Ended"),
                        ],
                        default="asked",
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("asked_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.UUIDField(null=True)),
                ("takes_effect_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="recoveries",
                        to="core_groups.provider",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="recoveries",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["takes_effect_at"],
                        name="recovery_to_carry_out",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("asked", "waiting"))),
                        fields=("user", "provider"),
                        name="recovery_once_per_provider",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "asked",
                                    "waiting",
                                    "done",
                                    "refused",
                                    "stopped",
                                    "withdrawn",
                                    "void",
                                ],
                            )
                        ),
                        name="recovery_state_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ended_at__isnull", True), ("state__in", ("asked", "waiting"))
                            ),
                            models.Q(
                                models.Q(("state__in", ("asked", "waiting")), _negated=True),
                                ("ended_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="recovery_end_has_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ("waiting", "done")), _negated=True),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                ("takes_effect_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="recovery_granted_by_somebody_with_a_wait",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by__isnull", True),
                            models.Q(("decided_by", models.F("user_id")), _negated=True),
                            _connector="OR",
                        ),
                        name="recovery_not_decided_by_who_asks",
                    ),
                ],
            },
        ),
    ]
