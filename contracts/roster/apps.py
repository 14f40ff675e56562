"""The app's registration with Django."""

from django.apps import AppConfig


class RosterConfig(AppConfig):
    name = "contracts.roster"
    label = "contracts_roster"
    verbose_name = "Rosters"
