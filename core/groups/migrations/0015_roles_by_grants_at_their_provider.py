"""A role by an access grant is at the provider of that grant: the database says so, too."""

from django.db import migrations

_ADD = """
ALTER TABLE core_groups_accessgrant
    ADD CONSTRAINT access_grant_is_of_its_provider UNIQUE (id, provider_id);
ALTER TABLE core_groups_membership
    ADD CONSTRAINT membership_by_grant_is_at_its_provider
    FOREIGN KEY (grant_id, provider_id)
    REFERENCES core_groups_accessgrant (id, provider_id);
"""
_REMOVE = """
ALTER TABLE core_groups_membership DROP CONSTRAINT membership_by_grant_is_at_its_provider;
ALTER TABLE core_groups_accessgrant DROP CONSTRAINT access_grant_is_of_its_provider;
"""


class Migration(migrations.Migration):
    dependencies = [("core_groups", "0014_third_party_roles")]

    operations = [migrations.RunSQL(_ADD, _REMOVE)]
