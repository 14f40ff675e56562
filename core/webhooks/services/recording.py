"""What the audit trail is told of endpoints: each act is `webhook.<verb>`, about the endpoint."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from core.audit.recording import Happening, record_all
from core.webhooks.models import WebhookEndpoint


def happening_at(
    endpoint: WebhookEndpoint,
    verb: str,
    data: Mapping[str, object] | None = None,
    *,
    by: UUID | None = None,
    result: str = "ok",
) -> Happening:
    """Return what happened to an endpoint, for whoever writes it with the act's own rows.

    `by` is the account that did it; None is the portal itself.
    """
    return Happening(
        f"webhook.{verb}",
        contract_id=endpoint.contract_id,
        actor_id=by,
        subject=("webhook", endpoint.pk),
        result=result,
        data=data or {},
    )


def record_act(
    endpoint: WebhookEndpoint,
    verb: str,
    data: Mapping[str, object] | None = None,
    *,
    by: UUID | None = None,
    result: str = "ok",
    at: datetime,
) -> None:
    """Record what happened to an endpoint, in the transaction of the act.

    Called by the services of webhooks; the fields are those of `happening_at`.
    """
    record_all([happening_at(endpoint, verb, data, by=by, result=result)], at=at)
