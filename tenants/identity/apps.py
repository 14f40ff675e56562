"""The app's registration with Django."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "tenants.identity"
    label = "tenants_identity"
    verbose_name = "Contract schema identity"
