"""The app's registration with Django."""

from django.apps import AppConfig


class UIConfig(AppConfig):
    name = "core.ui"
    label = "core_ui"
    verbose_name = "Page components"
