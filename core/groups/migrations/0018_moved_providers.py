from django.db import migrations, models

# Who was moved before there was the column: the audit knows when.
_KNOWN = """
    UPDATE core_groups_provider AS moved SET moved_at = known.at
    FROM (
        SELECT subject_id, max(at) AS at FROM core_audit_auditevent
        WHERE event_type = 'provider.moved' AND subject_type = 'provider'
        GROUP BY subject_id
    ) AS known
    WHERE known.subject_id = moved.id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("core_groups", "0017_leaving_providers"),
        ("core_audit", "0003_events_of_a_subject"),
    ]

    operations = [
        migrations.AddField(
            model_name="provider", name="moved_at", field=models.DateTimeField(null=True)
        ),
        migrations.RunSQL(_KNOWN, migrations.RunSQL.noop),
    ]
