"""What an admin had entered who invites: by an invitation to a whole group, by a batch."""

import django.contrib.postgres.fields
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def keep_what_groups_reach(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Let the open invitations to whole groups go on in the contracts that these have now."""
    alias = editor.connection.alias
    invitations = apps.get_model("core_groups", "Invitation").objects.using(alias)
    every = apps.get_model("core_groups", "Provider").objects.using(alias)
    providers = every.filter(status="active")
    for one in invitations.filter(
        role="group_admin", accepted_at__isnull=True, withdrawn_at__isnull=True
    ):
        found = providers.filter(group_id=one.group_id).values_list("contract_id", flat=True)
        one.reaches = list(found.distinct())
        one.save(using=alias, update_fields=["reaches"])


class Migration(migrations.Migration):
    dependencies = [("core_groups", "0007_access_review_and_weekly_mail")]

    operations = [
        migrations.AddField(
            model_name="invitation",
            name="reaches",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(), db_default=[], default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="invitationbatch",
            name="entered",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(), db_default=[], default=list, size=None
            ),
        ),
        migrations.RunPython(keep_what_groups_reach, migrations.RunPython.noop),
    ]
