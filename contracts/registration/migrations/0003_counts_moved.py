from django.db import migrations


class Migration(migrations.Migration):
    """The counts behind limits are those of accounts now; the old ones ran out within the hour."""

    dependencies = [
        ("contracts_registration", "0002_host_of_registrations"),
        ("core_accounts", "0007_counts_behind_limits"),
    ]

    operations = [
        migrations.DeleteModel(name="AttemptCount"),
    ]
