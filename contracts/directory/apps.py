"""The app's registration with Django."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "contracts.directory"
    label = "contracts_directory"
    verbose_name = "Directory across contracts"
