from django.db import migrations, models

_OUTCOMES = [
    ("approved", "Approved"),
    ("declined", "Declined"),
    ("withdrawn", "Withdrawn"),
    ("ended", "Ended without a decision"),
]


class Migration(migrations.Migration):
    dependencies = [("contracts_registration", "0006_approvals")]

    operations = [
        migrations.AlterField(
            "approval",
            "outcome",
            models.CharField(blank=True, choices=_OUTCOMES, max_length=10),
        ),
        migrations.RemoveConstraint("approval", "approval_outcome_is_known"),
        migrations.AddConstraint(
            "approval",
            models.CheckConstraint(
                condition=models.Q(
                    ("outcome__in", ["", "approved", "declined", "withdrawn", "ended"])
                ),
                name="approval_outcome_is_known",
            ),
        ),
        migrations.RemoveConstraint("approval", "approval_is_decided_by_somebody_with_a_reason"),
        migrations.AddConstraint(
            "approval",
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decided_by__isnull", False),
                        ("outcome__in", ["approved", "declined"]),
                        models.Q(("reason", ""), _negated=True),
                    ),
                    models.Q(
                        ("decided_by__isnull", True),
                        ("outcome__in", ["", "withdrawn", "ended"]),
                        ("reason", ""),
                    ),
                    _connector="OR",
                ),
                name="approval_is_decided_by_somebody_with_a_reason",
            ),
        ),
    ]
