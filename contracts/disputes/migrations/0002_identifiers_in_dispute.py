"""Disputes are found by the identifier that they are about."""

import json

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from core.common.crypto import keyed_digest, unseal
from core.common.identifiers import normalize


def name_identifiers(apps: Apps, schema: BaseDatabaseSchemaEditor) -> None:
    """Write down the digest of what each dispute is about."""
    disputes = apps.get_model("contracts_disputes", "Dispute")
    for dispute in disputes.objects.using(schema.connection.alias).iterator():
        opened = json.loads(unseal("dispute", bytes(dispute.sealed_facts), str(dispute.pk)))
        dispute.identifier_digest = keyed_digest(
            "dispute-identifier", str(dispute.contract_id), normalize(opened["identifier"])
        )
        dispute.save(update_fields=["identifier_digest"])


class Migration(migrations.Migration):
    dependencies = [("contracts_disputes", "0001_initial")]

    operations = [
        migrations.AddField(
            "dispute",
            "identifier_digest",
            models.BinaryField(max_length=32, default=b""),
            preserve_default=False,
        ),
        migrations.RunPython(name_identifiers, migrations.RunPython.noop),
        migrations.AddIndex(
            "dispute",
            models.Index(
                condition=models.Q(("state", "open")),
                fields=["identifier_digest"],
                name="open_dispute_over_identifier",
            ),
        ),
    ]
