"""The app's registration with Django."""

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    name = "contracts.evidence"
    label = "contracts_evidence"
    verbose_name = "Registration evidence"
