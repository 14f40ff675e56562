"""The app's registration with Django."""

from django.apps import AppConfig


class MfaConfig(AppConfig):
    name = "core.mfa"
    label = "core_mfa"
    verbose_name = "Multi-factor authentication"
