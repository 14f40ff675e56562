"""The library's command is out of use: it sets the search path behind the backend's back."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Out of use: see migrate_portal."

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError("Use migrate_portal.")
