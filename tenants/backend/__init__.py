"""The database backend (`ENGINE = "tenants.backend"`): tenancy that fails closed."""
