"""Seals stand in a table of their own: an event is written once and never touched again."""

from django.db import migrations, models

_APPEND_ONLY = """
CREATE OR REPLACE FUNCTION core_audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'audit events are never changed or deleted'
        USING ERRCODE = 'restrict_violation';
END
$body$;
CREATE TRIGGER audit_seal_append_only BEFORE UPDATE OR DELETE ON core_audit_auditseal
    FOR EACH ROW EXECUTE FUNCTION core_audit_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("core_audit", "0003_events_of_a_subject"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("event_id", models.UUIDField(primary_key=True, serialize=False)),
                ("chain", models.UUIDField()),
                ("position", models.BigIntegerField()),
                ("digest", models.BinaryField(max_length=32)),
                ("key_version", models.PositiveSmallIntegerField()),
                ("mac", models.BinaryField(max_length=32)),
                ("sealed_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Sealing",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False),
                ),
                ("through", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="auditevent",
            name="audit_position_once_in_chain",
        ),
        migrations.RemoveField(
            model_name="auditevent",
            name="chain",
        ),
        migrations.RemoveField(
            model_name="auditevent",
            name="digest",
        ),
        migrations.RemoveField(
            model_name="auditevent",
            name="position",
        ),
        migrations.RemoveField(
            model_name="auditevent",
            name="previous_digest",
        ),
        migrations.AlterField(
            model_name="auditevent",
            name="actor_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AlterField(
            model_name="auditevent",
            name="at",
            field=models.DateTimeField(),
        ),
        migrations.AlterField(
            model_name="auditevent",
            name="contract_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AlterField(
            model_name="auditevent",
            name="event_type",
            field=models.CharField(max_length=80),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["-at", "-id"], name="audit_newest"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(
                fields=["contract_id", "-at", "-id"], name="audit_newest_of_contract"
            ),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["actor_id", "-at", "-id"], name="audit_newest_of_actor"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["event_type", "-at", "-id"], name="audit_newest_of_type"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["transaction_id", "id"], name="audit_by_transaction"),
        ),
        migrations.AddConstraint(
            model_name="auditseal",
            constraint=models.UniqueConstraint(
                fields=("chain", "position"), name="audit_position_once_in_chain"
            ),
        ),
        migrations.AddConstraint(
            model_name="auditseal",
            constraint=models.CheckConstraint(
                condition=models.Q(("position__gte", 1)), name="audit_chain_begins_at_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="sealing",
            constraint=models.CheckConstraint(
                condition=models.Q(("id", 1)), name="audit_sealing_is_one_row"
            ),
        ),
        migrations.RunSQL(_APPEND_ONLY, migrations.RunSQL.noop),
    ]
