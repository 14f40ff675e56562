"""Audit events are written once: no login changes or deletes one.

The sealer alone fills in its own columns, once, while they are empty. Which logins may do even
that is a matter of rights: the application's may insert and read (tenants.rights).
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION core_audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    sealers CONSTANT text[] := ARRAY['chain', 'position', 'previous_digest', 'digest'];
BEGIN
    IF TG_OP = 'UPDATE'
        AND OLD.digest IS NULL
        AND to_jsonb(OLD) - sealers = to_jsonb(NEW) - sealers
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'audit events are never changed or deleted'
        USING ERRCODE = 'restrict_violation';
END
$body$;
CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE ON core_audit_auditevent
    FOR EACH ROW EXECUTE FUNCTION core_audit_refuse_change();
"""
BACKWARD = """
DROP TRIGGER audit_event_append_only ON core_audit_auditevent;
DROP FUNCTION core_audit_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("core_audit", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
