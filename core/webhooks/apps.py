"""The app's registration with Django."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "core.webhooks"
    label = "core_webhooks"
    verbose_name = "Webhooks and SIEM streams"

    def ready(self) -> None:
        from core.audit.following import register_follower
        from core.notifications.kinds import register_kind
        from core.webhooks.messages import PAUSED
        from core.webhooks.services.following import write_deliveries

        register_follower(write_deliveries)
        register_kind(PAUSED)
