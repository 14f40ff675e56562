import django.db.models.deletion
from django.db import migrations, models

import core.common.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tenants", "0006_approvals"),
    ]

    operations = [
        migrations.CreateModel(
            name="Dispute",
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
                ("reference", models.CharField(max_length=12, unique=True)),
                ("sealed_facts", models.BinaryField(max_length=12000)),
                ("asked_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Waiting"),
                            ("rejected", "Rejected"),
                            ("upheld", "Upheld, the identifier is free"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("needs_second", models.BooleanField(default=False)),
                ("first_by", models.UUIDField(null=True)),
                ("first_at", models.DateTimeField(null=True)),
                ("first_reason", models.CharField(blank=True, max_length=300)),
                ("first_provider_id", models.UUIDField(null=True)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("provider_id", models.UUIDField(null=True)),
                ("decided_by", models.UUIDField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "contract",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.contract",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "open")),
                        fields=["asked_at"],
                        name="dispute_that_waits",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["open", "rejected", "upheld"])),
                        name="dispute_state_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at__isnull", True),
                                ("decided_by__isnull", True),
                                ("reason", ""),
                                ("state", "open"),
                            ),
                            models.Q(
                                models.Q(("state", "open"), _negated=True),
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="dispute_is_decided_by_somebody_with_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("provider_id__isnull", False), ("state", "upheld")),
                            models.Q(
                                models.Q(("state", "upheld"), _negated=True),
                                ("provider_id__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="dispute_upheld_names_what_it_released",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("first_at__isnull", True),
                                ("first_by__isnull", True),
                                ("first_provider_id__isnull", True),
                            ),
                            models.Q(
                                ("first_at__isnull", False),
                                ("first_by__isnull", False),
                                ("first_provider_id__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="dispute_first_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "upheld"), _negated=True),
                            ("needs_second", False),
                            ("first_by__isnull", False),
                            _connector="OR",
                        ),
                        name="dispute_by_two_where_two_are_needed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "upheld"), _negated=True),
                            ("first_by__isnull", True),
                            models.Q(("first_by", models.F("decided_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="dispute_second_is_another_person",
                    ),
                ],
            },
        ),
    ]
