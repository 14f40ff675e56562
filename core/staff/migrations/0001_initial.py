import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.common.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tenants", "0003_schema_text"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="StaffIdentity",
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
                ("issuer", models.CharField(max_length=500)),
                ("subject", models.CharField(max_length=255)),
                ("linked_at", models.DateTimeField()),
                ("last_used_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="staff_identities",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("issuer", "subject"), name="staff_identity_once"
                    ),
                    models.UniqueConstraint(
                        fields=("issuer", "user"), name="staff_identity_once_per_account"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StaffInvitation",
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
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("operator", "Operator"),
                            ("contract_admin", "Contract admin"),
                            ("help_desk", "Help desk"),
                            ("auditor", "Auditor"),
                        ],
                        max_length=20,
                    ),
                ),
                ("until", models.DateTimeField(null=True)),
                ("invited_by", models.UUIDField(null=True)),
                ("invited_at", models.DateTimeField()),
                ("key_version", models.PositiveSmallIntegerField(null=True)),
                ("token_digest", models.BinaryField(max_length=32, null=True, unique=True)),
                ("link_expires_at", models.DateTimeField(null=True)),
                ("link_used_at", models.DateTimeField(null=True)),
                ("follow_id", models.UUIDField(null=True, unique=True)),
                ("first_name", models.CharField(blank=True, max_length=80)),
                ("last_name", models.CharField(blank=True, max_length=80)),
                ("username", models.CharField(blank=True, max_length=60)),
                ("accepted_at", models.DateTimeField(null=True)),
                ("accepted_by", models.UUIDField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "contract",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.contract",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("contract__isnull", True), ("role", "operator")),
                            models.Q(("contract__isnull", False), ("role", "contract_admin")),
                            ("role__in", ["help_desk", "auditor"]),
                            _connector="OR",
                        ),
                        name="staff_invitation_fits_its_reach",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("accepted_at__isnull", True), ("accepted_by__isnull", True)),
                            models.Q(
                                ("accepted_at__isnull", False), ("accepted_by__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="staff_invitation_is_accepted_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("accepted_at__isnull", True),
                            ("withdrawn_at__isnull", True),
                            _connector="OR",
                        ),
                        name="staff_invitation_is_accepted_or_withdrawn",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("token_digest__isnull", True),
                            models.Q(
                                ("key_version__isnull", False), ("link_expires_at__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="staff_invitation_link_has_key_and_end",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StaffMember",
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
                            ("operator", "Operator"),
                            ("contract_admin", "Contract admin"),
                            ("help_desk", "Help desk"),
                            ("auditor", "Auditor"),
                        ],
                        max_length=20,
                    ),
                ),
                ("issuer", models.CharField(blank=True, max_length=500)),
                ("granted_by", models.UUIDField(null=True)),
                ("granted_at", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.UUIDField(null=True)),
                (
                    "contract",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.contract",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="staff_roles",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("contract__isnull", True), ("role", "operator")),
                            models.Q(("contract__isnull", False), ("role", "contract_admin")),
                            ("role__in", ["help_desk", "auditor"]),
                            _connector="OR",
                        ),
                        name="staff_role_fits_its_reach",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("contract__isnull", True), ("ended_at__isnull", True)),
                        fields=("user", "role", "issuer"),
                        name="staff_role_once_everywhere",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("user", "role", "contract", "issuer"),
                        name="staff_role_once_per_contract",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_by__isnull", True), ("ended_at__isnull", False), _connector="OR"
                        ),
                        name="staff_role_ends_with_a_time",
                    ),
                ],
            },
        ),
    ]
