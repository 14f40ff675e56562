"""New addresses and numbers on their way to an account, and requests about taken accounts."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.common.ids


class Migration(migrations.Migration):
    dependencies = [
        ("core_mfa", "0007_registration_links"),
        ("tenants", "0003_schema_text"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ContactChange",
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
                (
                    "kind",
                    models.CharField(
                        choices=[("email", "E-mail address"), ("phone", "Phone number")],
                        max_length=10,
                    ),
                ),
                ("destination", models.CharField(blank=True, max_length=254)),
                ("sign_in", models.UUIDField()),
                ("security_epoch", models.PositiveIntegerField()),
                ("began_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("completed_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="helprequest",
            name="help_request_kind_is_known",
        ),
        migrations.AlterField(
            model_name="helprequest",
            name="kind",
            field=models.CharField(
                choices=[
                    ("lost_phone", "Phone lost or changed"),
                    ("locked", "Account locked"),
                    ("inactive", "Account not active"),
                    ("forgotten_address", "E-mail address forgotten"),
                    ("no_admin", "Nobody knows the administrator"),
                    ("taken_over", "Somebody else changed the account"),
                ],
                max_length=30,
            ),
        ),
        migrations.AddConstraint(
            model_name="helprequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "lost_phone",
                            "locked",
                            "inactive",
                            "forgotten_address",
                            "no_admin",
                            "taken_over",
                        ],
                    )
                ),
                name="help_request_kind_is_known",
            ),
        ),
        migrations.AddField(
            model_name="contactchange",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="contactchange",
            name="challenge",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="core_mfa.challenge",
            ),
        ),
        migrations.AddField(
            model_name="contactchange",
            name="contract",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenants.contract",
            ),
        ),
        migrations.AddIndex(
            model_name="contactchange",
            index=models.Index(fields=["expires_at"], name="contact_change_age"),
        ),
        migrations.AddConstraint(
            model_name="contactchange",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at__isnull", True), ("completed_at__isnull", True)),
                fields=("account", "kind"),
                name="contact_change_one_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="contactchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("completed_at__isnull", True), ("closed_at__isnull", True), _connector="OR"
                ),
                name="contact_change_completes_or_closes",
            ),
        ),
        migrations.AddConstraint(
            model_name="contactchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_at__gt", models.F("began_at"))),
                name="contact_change_ends_after_it_begins",
            ),
        ),
    ]
