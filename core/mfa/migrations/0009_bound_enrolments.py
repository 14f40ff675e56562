from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core_mfa", "0008_contact_changes")]

    operations = [
        migrations.AddField(
            model_name="mfaregistration",
            name="email_is_fixed",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="totpenrolment",
            name="binding",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="totpenrolment",
            name="epoch",
            field=models.PositiveIntegerField(default=0),
        ),
    ]
