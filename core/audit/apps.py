"""The app's registration with Django."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "core.audit"
    label = "core_audit"
    verbose_name = "Audit events"

    def ready(self) -> None:
        from django.core.checks import Tags, register

        from core.audit.checks import heads_are_kept, login_cannot_change_events

        register(login_cannot_change_events, Tags.database)
        register(heads_are_kept, Tags.security, deploy=True)
