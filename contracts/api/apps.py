"""The app's registration with Django."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "contracts.api"
    label = "contracts_api"
    verbose_name = "API"
