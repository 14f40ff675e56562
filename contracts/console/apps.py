"""The app's registration with Django."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "contracts.console"
    label = "contracts_console"
    verbose_name = "Contract console"

    def ready(self) -> None:
        from contracts.console import messages

        messages.register_kinds()
