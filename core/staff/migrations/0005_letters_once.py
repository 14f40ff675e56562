from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core_staff", "0004_request_letters")]

    operations = [
        migrations.AddField("requestletter", "form_key", models.UUIDField(null=True)),
        migrations.AddConstraint(
            "requestletter",
            models.UniqueConstraint(
                fields=("kind", "request_id", "form_key"), name="request_letter_once"
            ),
        ),
    ]
