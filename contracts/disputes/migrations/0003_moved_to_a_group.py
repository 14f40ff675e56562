from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contracts_disputes", "0002_identifiers_in_dispute"),
        ("tenants", "0010_logo_images"),
    ]

    operations = [
        migrations.AddField(
            model_name="dispute",
            name="first_moved_to",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="dispute",
            name="moved_to",
            field=models.UUIDField(null=True),
        ),
        migrations.AlterField(
            model_name="dispute",
            name="state",
            field=models.CharField(
                choices=[("open", "Waiting"), ("rejected", "Rejected"), ("upheld", "Upheld")],
                default="open",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("moved_to__isnull", True), ("state", "upheld"), _connector="OR"
                ),
                name="dispute_moves_when_upheld",
            ),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("first_moved_to__isnull", True), ("first_by__isnull", False), _connector="OR"
                ),
                name="dispute_first_moves_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "upheld"), _negated=True),
                    ("first_by__isnull", True),
                    models.Q(
                        ("first_moved_to__isnull", False),
                        ("moved_to", models.F("first_moved_to")),
                        ("moved_to__isnull", False),
                    ),
                    models.Q(("first_moved_to__isnull", True), ("moved_to__isnull", True)),
                    _connector="OR",
                ),
                name="dispute_moves_where_the_first_said",
            ),
        ),
    ]
