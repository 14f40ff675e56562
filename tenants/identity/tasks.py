"""The nightly canary."""

import logging

from celery import shared_task

from core.audit.recording import record
from tenants.celery import SharedTask
from tenants.identity.probe import MixedSchemasError, check_everything

logger = logging.getLogger(__name__)


@shared_task(base=SharedTask, name="tenants.identity.tasks.compare_identities")
def compare_identities() -> None:
    """See that every contract's data is where it belongs.

    Records `schema_identity.compared`. Raises MixedSchemasError, which is an alarm: until it is
    mended nothing may run behind the same pooler.
    """
    try:
        check_everything()
    except MixedSchemasError:
        logger.critical("schemas are mixed", exc_info=True)
        record("schema_identity.compared", result="mixed")
        raise
    record("schema_identity.compared")
