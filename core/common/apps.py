"""The app's registration with Django."""

from django.apps import AppConfig


class CommonConfig(AppConfig):
    name = "core.common"
    label = "core_common"
    verbose_name = "Common building blocks"
