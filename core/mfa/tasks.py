"""Periodic work of the second factor, and of what lies below it."""

from celery import shared_task

from core.accounts.services.purging import purge_address_counts, purge_warnings
from core.accounts.services.typed_forms import purge_typed_forms
from core.common.clock import now
from core.mfa.services.purging import purge_mfa
from core.mfa.services.totp import reseal_app_secrets
from core.notifications.services.purging import purge_messages
from tenants.celery import SharedTask


@shared_task(base=SharedTask, name="core.mfa.tasks.reseal_secrets", expires=3000)
def reseal_secrets() -> int:
    """Seal the secrets of authenticator apps anew after a newer key came; daily, twice is once."""
    return reseal_app_secrets()


@shared_task(base=SharedTask, name="core.mfa.tasks.purge", expires=3000)
def purge() -> int:
    """Forget what nobody needs any more: codes, counts, runs, browsers, messages; hourly.

    How long each is kept stands with its reason in the `purging` module of its app. Returns how
    many rows were wiped or deleted; several at once, and beside live work, do no harm.
    """
    at = now()
    return (
        purge_mfa(at=at)
        + purge_typed_forms(at=at)
        + purge_address_counts(at=at)
        + purge_warnings(at=at)
        + purge_messages(at=at)
    )
