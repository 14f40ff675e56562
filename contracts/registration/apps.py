"""The app's registration with Django."""

from django.apps import AppConfig


class RegistrationConfig(AppConfig):
    name = "contracts.registration"
    label = "contracts_registration"
    verbose_name = "Provider registration"
