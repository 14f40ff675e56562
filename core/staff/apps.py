"""The app's registration with Django."""

from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "core.staff"
    label = "core_staff"
    verbose_name = "Staff"
