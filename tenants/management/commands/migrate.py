"""Django's own `migrate`, on the shared schema; it takes the place of the library's."""

from django.core.management.commands.migrate import Command as DjangoCommand


class Command(DjangoCommand):
    help = "Migrate the shared schema alone. `migrate_portal` migrates everything."
