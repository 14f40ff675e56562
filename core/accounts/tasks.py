"""Periodic work of accounts."""

from celery import shared_task

from core.accounts.models import Session
from core.accounts.services.inactivity import watch_inactivity
from core.common.clock import now
from tenants.celery import SharedTask


@shared_task(base=SharedTask, name="core.accounts.tasks.clear_ended_sessions")
def clear_ended_sessions() -> int:
    """Delete the sessions whose time is over and return how many there were.

    Every visitor who begins something has a row; nobody reads it after its end.
    """
    deleted, _ = Session.objects.filter(expire_date__lt=now()).delete()
    return deleted


@shared_task(base=SharedTask, name="core.accounts.tasks.watch_unused_accounts", expires=3000)
def watch_unused_accounts() -> None:
    """Warn the owners of accounts that nobody uses, and close those whose day has come."""
    watch_inactivity(at=now())
