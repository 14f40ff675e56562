"""The app's registration with Django."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "core.audit"
    label = "core_audit"
    verbose_name = "Audit events"
