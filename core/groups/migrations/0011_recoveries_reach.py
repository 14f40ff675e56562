"""For which contracts staff granted a request to recover a group."""

import django.contrib.postgres.fields
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def keep_what_was_granted(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Let what waits go on in the contracts that its group has now."""
    alias = editor.connection.alias
    requests = apps.get_model("core_groups", "RecoveryRequest").objects.using(alias)
    every = apps.get_model("core_groups", "Provider").objects.using(alias)
    providers = every.filter(status="active")
    for one in requests.filter(state="waiting").select_related("provider"):
        of_group = providers.filter(group_id=one.provider.group_id)
        found = set(of_group.values_list("contract_id", flat=True))
        one.reaches = sorted({one.provider.contract_id, *found})
        one.save(using=alias, update_fields=["reaches"])


class Migration(migrations.Migration):
    dependencies = [("core_groups", "0010_third_parties")]

    operations = [
        migrations.AddField(
            model_name="recoveryrequest",
            name="reaches",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(), db_default=[], default=list, size=None
            ),
        ),
        migrations.RunPython(keep_what_was_granted, migrations.RunPython.noop),
    ]
