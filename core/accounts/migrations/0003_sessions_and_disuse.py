"""Sessions with their accounts, typed forms, and why an account is closed."""

import datetime

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import core.common.ids


class Migration(migrations.Migration):
    dependencies = [
        ("core_accounts", "0002_without_last_login"),
    ]

    operations = [
        migrations.CreateModel(
            name="InactivityWarning",
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
                ("since", models.DateTimeField()),
                ("days", models.PositiveIntegerField()),
                ("warned_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                (
                    "session_key",
                    models.CharField(
                        max_length=40, primary_key=True, serialize=False, verbose_name="session key"
                    ),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                ("sign_in", models.UUIDField(null=True)),
            ],
            options={
                "verbose_name": "session",
                "verbose_name_plural": "sessions",
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="TypedForm",
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
                ("token_digest", models.BinaryField(max_length=32, unique=True)),
                ("path", models.CharField(max_length=500)),
                ("sealed", models.BinaryField()),
                ("kept_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="user",
            name="user_deactivation_has_a_time",
        ),
        migrations.AddField(
            model_name="user",
            name="deactivation",
            field=models.CharField(
                blank=True,
                choices=[("inactivity", "Not used"), ("decision", "Closed by somebody")],
                max_length=20,
            ),
        ),
        # Until now every account that is closed was closed by somebody.
        migrations.RunSQL(
            "UPDATE core_accounts_user SET deactivation = 'decision' WHERE NOT is_active",
            migrations.RunSQL.noop,
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("deactivated_at__isnull", True), ("deactivation", ""), ("is_active", True)
                    ),
                    models.Q(
                        ("deactivated_at__isnull", False),
                        ("deactivation__in", ["inactivity", "decision"]),
                        ("is_active", False),
                    ),
                    _connector="OR",
                ),
                name="user_deactivation_has_time_and_cause",
            ),
        ),
        migrations.AddField(
            model_name="inactivitywarning",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="session",
            name="account",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sessions",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="typedform",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="inactivitywarning",
            constraint=models.UniqueConstraint(
                fields=("user", "since", "days"), name="inactivity_warning_once_a_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="typedform",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("expires_at__gt", models.F("kept_at")),
                    (
                        "expires_at__lte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("kept_at"), "+", models.Value(datetime.timedelta(seconds=1800))
                        ),
                    ),
                ),
                name="typed_form_lives_half_an_hour_at_most",
            ),
        ),
    ]
