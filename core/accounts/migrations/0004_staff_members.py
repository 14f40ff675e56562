from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core_accounts", "0003_sessions_and_disuse"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="is_staff_member",
            field=models.BooleanField(default=False),
        ),
    ]
