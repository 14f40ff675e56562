import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.common.ids


class Migration(migrations.Migration):
    dependencies = [
        ("core_staff", "0003_elevated_rights"),
        ("tenants", "0007_published_notices"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RequestLetter",
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
                ("kind", models.CharField(max_length=30)),
                ("request_id", models.UUIDField()),
                (
                    "channel",
                    models.CharField(
                        choices=[("mail", "Mail"), ("letter", "Letter")], max_length=10
                    ),
                ),
                ("sealed_text", models.BinaryField(max_length=12000)),
                ("written_at", models.DateTimeField()),
                (
                    "contract",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.contract",
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="request_letters",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["request_id", "written_at"], name="letters_of_a_request")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("channel__in", ["mail", "letter"])),
                        name="request_letter_channel_is_known",
                    )
                ],
            },
        ),
    ]
