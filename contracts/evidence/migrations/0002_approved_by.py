from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contracts_evidence", "0001_initial"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="evidencerecord",
            options={},
        ),
        migrations.AddField(
            model_name="evidencerecord",
            name="approval_reason",
            field=models.CharField(blank=True, db_default="", default="", max_length=300),
        ),
        migrations.AddField(
            model_name="evidencerecord",
            name="approved_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="evidencerecord",
            name="approved_by",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="evidencerecord",
            name="confirmed_by",
            field=models.UUIDField(null=True),
        ),
        migrations.AddConstraint(
            model_name="evidencerecord",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("approved_at__isnull", True), ("approved_by__isnull", True)),
                    models.Q(("approved_at__isnull", False), ("approved_by__isnull", False)),
                    _connector="OR",
                ),
                name="evidence_approval_is_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="evidencerecord",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("confirmed_by__isnull", True),
                    models.Q(
                        ("approved_by__isnull", False),
                        models.Q(("approved_by", models.F("confirmed_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="evidence_confirmed_by_another_person",
            ),
        ),
    ]
