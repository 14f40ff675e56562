"""The app's registration with Django."""

from typing import Any

from django.apps import AppConfig
from django.core import checks


class TenantsConfig(AppConfig):
    name = "tenants"
    label = "tenants"
    verbose_name = "Contracts and their configuration"

    def ready(self) -> None:
        from tenants import celery

        celery.connect()
        checks.register(check_tasks)


def check_tasks(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Find tasks that do not say whose data they touch, before a worker does."""
    from celery import current_app
    from django.core.exceptions import ImproperlyConfigured

    from tenants.celery import check_task_classes

    try:
        check_task_classes(current_app)
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), id="tenants.E001")]
    return []
