from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core_accounts", "0005_imported_accounts"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="signs_in_elsewhere",
            field=models.BooleanField(default=False),
        ),
    ]
