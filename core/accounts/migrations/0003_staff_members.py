from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core_accounts", "0002_without_last_login"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="is_staff_member",
            field=models.BooleanField(default=False),
        ),
    ]
