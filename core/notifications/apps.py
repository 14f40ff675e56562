"""The app's registration with Django."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "core.notifications"
    label = "core_notifications"
    verbose_name = "Outbox and channels"

    def ready(self) -> None:
        from core.notifications import dispatch, tasks
        from core.notifications.kinds import register_kind
        from core.notifications.notices import BUDGET_ALARM

        register_kind(BUDGET_ALARM)
        dispatch.set_dispatcher(announce=tasks.announce, is_reachable=tasks.broker_is_reachable)
