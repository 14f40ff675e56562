"""Published documents never change: a trigger says so to every login, the owner's included."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION portal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$body$;
CREATE TRIGGER contract_revision_immutable BEFORE UPDATE OR DELETE ON tenants_contractrevision
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_change();
CREATE TRIGGER deployment_revision_immutable BEFORE UPDATE OR DELETE ON tenants_deploymentrevision
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_change();
INSERT INTO tenants_registryepoch (id, epoch) VALUES (1, 1);
"""
BACKWARD = """
DELETE FROM tenants_registryepoch;
DROP TRIGGER contract_revision_immutable ON tenants_contractrevision;
DROP TRIGGER deployment_revision_immutable ON tenants_deploymentrevision;
DROP FUNCTION portal_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
