"""Let Django join seals to events: the column stays, and the database gets no foreign key."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core_audit", "0005_adopted_events"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField("auditseal", "event_id", "event"),
                migrations.AlterField(
                    "auditseal",
                    "event",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="seal",
                        serialize=False,
                        to="core_audit.auditevent",
                    ),
                ),
            ]
        ),
    ]
