import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.common.ids


class Migration(migrations.Migration):
    dependencies = [
        ("contracts_registration", "0005_offers_to_join"),
        ("tenants", "0004_provisioning_runs"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Approval",
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
                ("group_id", models.UUIDField(null=True)),
                ("provider_name", models.CharField(max_length=200)),
                ("provider_place", models.CharField(blank=True, max_length=110)),
                ("asked_at", models.DateTimeField()),
                ("needs_second", models.BooleanField(default=False)),
                ("first_by", models.UUIDField(null=True)),
                ("first_at", models.DateTimeField(null=True)),
                ("first_reason", models.CharField(blank=True, max_length=300)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("approved", "Approved"),
                            ("declined", "Declined"),
                            ("ended", "Ended without a decision"),
                        ],
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("decided_by", models.UUIDField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="pendingregistration",
            name="pending_registration_unit_once",
        ),
        migrations.RemoveConstraint(
            model_name="pendingregistration",
            name="pending_registration_state_is_known",
        ),
        migrations.RemoveConstraint(
            model_name="pendingregistration",
            name="pending_registration_ended_has_moment",
        ),
        migrations.RemoveConstraint(
            model_name="pendingregistration",
            name="pending_registration_completed_has_account",
        ),
        migrations.RemoveIndex(
            model_name="pendingregistration",
            name="registration_to_release",
        ),
        migrations.AlterField(
            model_name="pendingregistration",
            name="state",
            field=models.CharField(
                choices=[
                    ("submitted", "Submitted"),
                    ("link_used", "Link followed"),
                    ("awaiting", "Waiting for approval"),
                    ("completed", "Completed"),
                    ("declined", "Declined"),
                    ("released", "Released"),
                    ("superseded", "Superseded"),
                ],
                default="submitted",
                max_length=20,
            ),
        ),
        migrations.AddIndex(
            model_name="pendingregistration",
            index=models.Index(
                condition=models.Q(("state__in", ("submitted", "link_used", "awaiting"))),
                fields=["reserved_until"],
                name="registration_to_release",
            ),
        ),
        migrations.AddConstraint(
            model_name="pendingregistration",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("submitted", "link_used", "awaiting"))),
                fields=("contract", "unit_key"),
                name="pending_registration_unit_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="pendingregistration",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "submitted",
                            "link_used",
                            "awaiting",
                            "completed",
                            "declined",
                            "released",
                            "superseded",
                        ],
                    )
                ),
                name="pending_registration_state_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="pendingregistration",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("ended_at__isnull", True),
                        ("state__in", ("submitted", "link_used", "awaiting")),
                    ),
                    models.Q(
                        models.Q(
                            ("state__in", ("submitted", "link_used", "awaiting")), _negated=True
                        ),
                        ("ended_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="pending_registration_ended_has_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="pendingregistration",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("account_id__isnull", False),
                        ("state__in", ("awaiting", "completed", "declined")),
                    ),
                    ("state", "released"),
                    models.Q(
                        ("account_id__isnull", True),
                        ("state__in", ["submitted", "link_used", "superseded"]),
                    ),
                    _connector="OR",
                ),
                name="pending_registration_proven_has_account",
            ),
        ),
        migrations.AddField(
            model_name="approval",
            name="contract",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenants.contract"
            ),
        ),
        migrations.AddField(
            model_name="approval",
            name="registration",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="approval",
                to="contracts_registration.pendingregistration",
            ),
        ),
        migrations.AddField(
            model_name="approval",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="registrations_to_approve",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="approval",
            index=models.Index(
                condition=models.Q(("outcome", "")), fields=["asked_at"], name="approval_that_waits"
            ),
        ),
        migrations.AddIndex(
            model_name="approval",
            index=models.Index(
                condition=models.Q(("outcome", "")), fields=["user"], name="approval_of_an_account"
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(("outcome__in", ["", "approved", "declined", "ended"])),
                name="approval_outcome_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("outcome", "")),
                    models.Q(models.Q(("outcome", ""), _negated=True), ("ended_at__isnull", False)),
                    _connector="OR",
                ),
                name="approval_end_has_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decided_by__isnull", False),
                        ("outcome__in", ["approved", "declined"]),
                        models.Q(("reason", ""), _negated=True),
                    ),
                    models.Q(
                        ("decided_by__isnull", True), ("outcome__in", ["", "ended"]), ("reason", "")
                    ),
                    _connector="OR",
                ),
                name="approval_is_decided_by_somebody_with_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("first_at__isnull", True), ("first_by__isnull", True), ("first_reason", "")
                    ),
                    models.Q(
                        ("first_at__isnull", False),
                        ("first_by__isnull", False),
                        models.Q(("first_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="approval_first_is_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("outcome", "approved"), _negated=True),
                    ("needs_second", False),
                    ("first_by__isnull", False),
                    _connector="OR",
                ),
                name="approval_by_two_where_two_are_needed",
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("outcome", "approved"), _negated=True),
                    ("first_by__isnull", True),
                    models.Q(("first_by", models.F("decided_by")), _negated=True),
                    _connector="OR",
                ),
                name="approval_second_is_another_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decided_by__isnull", True),
                        models.Q(("decided_by", models.F("user_id")), _negated=True),
                        _connector="OR",
                    ),
                    models.Q(
                        ("first_by__isnull", True),
                        models.Q(("first_by", models.F("user_id")), _negated=True),
                        _connector="OR",
                    ),
                ),
                name="approval_not_by_who_registers",
            ),
        ),
    ]
