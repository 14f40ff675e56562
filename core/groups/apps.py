"""The app's registration with Django."""

from django.apps import AppConfig


class GroupsConfig(AppConfig):
    name = "core.groups"
    label = "core_groups"
    verbose_name = "Provider groups"
