"""Third parties: offices, the access that providers give to them, and roles by it."""

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import core.common.ids


class Migration(migrations.Migration):
    dependencies = [
        ("core_groups", "0009_invited_once_by_each_admin"),
        ("tenants", "0003_schema_text"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AccessGrant",
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
                    "role",
                    models.CharField(
                        choices=[
                            ("group_admin", "Provider Group Admin"),
                            ("provider_admin", "Provider Admin"),
                            ("staff", "Provider Staff Account"),
                        ],
                        max_length=20,
                    ),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("given_by", models.UUIDField()),
                ("reminded_days", models.PositiveSmallIntegerField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.UUIDField(null=True)),
                (
                    "end",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("provider", "Ended by the provider"),
                            ("office", "Ended by the office"),
                            ("time", "Its end date has passed"),
                            ("given_up", "The provider was given up"),
                            ("switched_off", "The program has ended access for third parties"),
                            ("closed", "The office was closed"),
                        ],
                        max_length=20,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Office",
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
                ("address_1", models.CharField(max_length=120)),
                ("address_2", models.CharField(blank=True, max_length=120)),
                ("city", models.CharField(max_length=80)),
                ("state", models.CharField(max_length=2)),
                ("zip", models.CharField(max_length=10)),
                ("code", models.CharField(max_length=12, unique=True)),
                ("code_made_at", models.DateTimeField()),
                ("registered_at", models.DateTimeField()),
                ("registered_by", models.UUIDField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_by", models.UUIDField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="OfficeRegistration",
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
                ("email", models.EmailField(max_length=254)),
                ("invited_at", models.DateTimeField()),
                ("key_version", models.PositiveSmallIntegerField(null=True)),
                ("token_digest", models.BinaryField(max_length=32, null=True, unique=True)),
                ("link_expires_at", models.DateTimeField(null=True)),
                ("link_used_at", models.DateTimeField(null=True)),
                ("follow_id", models.UUIDField(null=True, unique=True)),
                ("accepted_at", models.DateTimeField(null=True)),
                ("accepted_by", models.UUIDField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("name", models.CharField(max_length=200)),
                ("address_1", models.CharField(max_length=120)),
                ("address_2", models.CharField(blank=True, max_length=120)),
                ("city", models.CharField(max_length=80)),
                ("state", models.CharField(max_length=2)),
                ("zip", models.CharField(max_length=10)),
                ("first_name", models.CharField(max_length=80)),
                ("last_name", models.CharField(max_length=80)),
                ("username", models.CharField(blank=True, max_length=60)),
                ("host", models.CharField(blank=True, max_length=254)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="membership",
            name="membership_role_fits_its_reach",
        ),
        migrations.RemoveConstraint(
            model_name="membership",
            name="membership_once_per_provider",
        ),
        migrations.AlterField(
            model_name="invitation",
            name="contract",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenants.contract",
            ),
        ),
        migrations.AddField(
            model_name="accessgrant",
            name="provider",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="access_grants",
                to="core_groups.provider",
            ),
        ),
        migrations.AddField(
            model_name="membership",
            name="grant",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="memberships",
                to="core_groups.accessgrant",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("group__isnull", False),
                        ("provider__isnull", True),
                        ("role__in", ["group_admin", "staff"]),
                    ),
                    models.Q(
                        ("group__isnull", True),
                        ("provider__isnull", False),
                        ("role__in", ["provider_admin", "staff"]),
                    ),
                    _connector="OR",
                ),
                name="membership_role_fits_its_reach",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("grant__isnull", True),
                    models.Q(("provider__isnull", False), ("role", "staff")),
                    _connector="OR",
                ),
                name="membership_by_grant_is_at_a_provider",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("grant__isnull", True), ("provider__isnull", False), ("until__isnull", True)
                ),
                fields=("user", "provider"),
                name="membership_once_per_provider",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(
                condition=models.Q(("grant__isnull", False), ("until__isnull", True)),
                fields=("user", "grant"),
                name="membership_once_per_grant",
            ),
        ),
        migrations.AddField(
            model_name="office",
            name="group",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="office",
                to="core_groups.providergroup",
            ),
        ),
        migrations.AddField(
            model_name="accessgrant",
            name="office",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="access_grants",
                to="core_groups.office",
            ),
        ),
        migrations.AddConstraint(
            model_name="officeregistration",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("username"),
                condition=models.Q(
                    ("accepted_at__isnull", True),
                    ("withdrawn_at__isnull", True),
                    models.Q(("username", ""), _negated=True),
                ),
                name="office_registration_username_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="officeregistration",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("accepted_at__isnull", True), ("accepted_by__isnull", True)),
                    models.Q(("accepted_at__isnull", False), ("accepted_by__isnull", False)),
                    _connector="OR",
                ),
                name="office_registration_is_accepted_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="officeregistration",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("accepted_at__isnull", True), ("withdrawn_at__isnull", True), _connector="OR"
                ),
                name="office_registration_is_accepted_or_withdrawn",
            ),
        ),
        migrations.AddConstraint(
            model_name="officeregistration",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("token_digest__isnull", True),
                    models.Q(("key_version__isnull", False), ("link_expires_at__isnull", False)),
                    _connector="OR",
                ),
                name="office_registration_link_has_key_and_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="office",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", True), ("closed_by__isnull", True)),
                    models.Q(("closed_at__isnull", False), ("closed_by__isnull", False)),
                    _connector="OR",
                ),
                name="office_is_closed_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="office",
            constraint=models.CheckConstraint(
                condition=models.Q(("code__regex", "^[2-9A-HJKMNP-RTV-Z]{12}$")),
                name="office_code_form",
            ),
        ),
        migrations.AddIndex(
            model_name="accessgrant",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", True)),
                fields=["until"],
                name="access_grant_to_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="accessgrant",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("provider", "office"),
                name="access_grant_once_per_provider_and_office",
            ),
        ),
        migrations.AddConstraint(
            model_name="accessgrant",
            constraint=models.CheckConstraint(
                condition=models.Q(("until__gt", models.F("since"))), name="access_grant_ends_later"
            ),
        ),
        migrations.AddConstraint(
            model_name="accessgrant",
            constraint=models.CheckConstraint(
                condition=models.Q(("role", "staff")), name="access_grant_manages_nobody"
            ),
        ),
        migrations.AddConstraint(
            model_name="accessgrant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("end", ""), ("ended_at__isnull", True), ("ended_by__isnull", True)),
                    models.Q(
                        (
                            "end__in",
                            ["provider", "office", "time", "given_up", "switched_off", "closed"],
                        ),
                        ("ended_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="access_grant_end_has_a_reason",
            ),
        ),
    ]
