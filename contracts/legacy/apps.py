"""The app's registration with Django."""

from django.apps import AppConfig


class LegacyConfig(AppConfig):
    name = "contracts.legacy"
    label = "contracts_legacy"
    verbose_name = "Current portal users"

    def ready(self) -> None:
        from contracts.legacy.command import ImportLegacy
        from core.accounts.commands import register_subcommand

        register_subcommand(ImportLegacy())
