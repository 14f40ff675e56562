"""Who confirmed whose role, what was told of it, and who wants a weekly mail."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.common.ids


class Migration(migrations.Migration):
    dependencies = [
        ("core_groups", "0006_join_requests_from_outside"),
        ("tenants", "0003_schema_text"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ReviewStart",
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
                ("began_at", models.DateTimeField()),
                (
                    "contract",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.contract",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="WeeklyMail",
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
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="weekly_mail",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="AccessConfirmation",
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
                ("term_began_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField()),
                ("confirmed_by", models.UUIDField()),
                (
                    "contract",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.contract",
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="confirmations",
                        to="core_groups.membership",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["membership", "contract", "-confirmed_at"],
                        name="access_confirmation_newest",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("membership", "contract", "term_began_at"),
                        name="access_confirmation_once_a_term",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("confirmed_at__gte", models.F("term_began_at"))),
                        name="access_confirmation_after_its_term_began",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReviewNotice",
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
                ("term_began_at", models.DateTimeField()),
                (
                    "stage",
                    models.CharField(
                        choices=[("soon", "Due soon"), ("due", "Due"), ("last", "About to end")],
                        max_length=4,
                    ),
                ),
                ("told_at", models.DateTimeField()),
                (
                    "contract",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.contract",
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="review_notices",
                        to="core_groups.membership",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("membership", "contract", "term_began_at", "stage"),
                        name="review_notice_once_a_stage",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("stage__in", ["soon", "due", "last"])),
                        name="review_notice_stage_is_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WeeklyMailMade",
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
                ("week", models.DateField(db_index=True)),
                ("made_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("user", "week"), name="weekly_mail_once_a_week")
                ],
            },
        ),
    ]
