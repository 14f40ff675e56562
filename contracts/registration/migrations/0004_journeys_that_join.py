"""Journeys of who asks to join."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contracts_registration", "0003_counts_moved"),
        ("tenants", "0003_schema_text"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="journey",
            name="journey_purpose_is_known",
        ),
        migrations.RemoveConstraint(
            model_name="journey",
            name="journey_account_adds_provider",
        ),
        migrations.AlterField(
            model_name="journey",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("register", "A new account"),
                    ("add_provider", "One more provider for a signed-in account"),
                    ("join", "A signed-in account asks to join a provider that is registered"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="journey",
            constraint=models.CheckConstraint(
                condition=models.Q(("purpose__in", ["register", "add_provider", "join"])),
                name="journey_purpose_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="journey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("purpose", "register"), ("account_id__isnull", False), _connector="XOR"
                ),
                name="journey_account_adds_provider",
            ),
        ),
    ]
