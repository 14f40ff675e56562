"""The secrets of an endpoint, sealed for its row under a key that the database does not have."""

from datetime import datetime
from typing import Final
from uuid import UUID

from core.common.crypto import seal, unseal
from core.webhooks.models import WebhookEndpoint

_SIGNS: Final = "webhook.secret"
_AUTHORIZES: Final = "webhook.authorization"


def seal_secret(endpoint_id: UUID, secret: bytes) -> bytes:
    """Return a signing secret for its row."""
    return seal(_SIGNS, secret, str(endpoint_id))


def seal_authorization(endpoint_id: UUID, text: str) -> bytes | None:
    """Return what goes into the header Authorization for its row; None for nothing."""
    return seal(_AUTHORIZES, text.encode(), str(endpoint_id)) if text else None


def secrets_of(endpoint: WebhookEndpoint, *, at: datetime) -> list[bytes]:
    """Return the secrets in force, the newest first. Raises SealBrokenError and KeyError."""
    sealed = [endpoint.sealed_secret]
    ends = endpoint.former_secret_ends_at
    if endpoint.sealed_former_secret is not None and ends is not None and ends > at:
        sealed.append(endpoint.sealed_former_secret)
    return [unseal(_SIGNS, bytes(one), str(endpoint.pk)) for one in sealed]


def authorization_of(endpoint: WebhookEndpoint) -> str:
    """Return what goes into the header Authorization. Raises SealBrokenError and KeyError."""
    if endpoint.sealed_authorization is None:
        return ""
    return unseal(_AUTHORIZES, bytes(endpoint.sealed_authorization), str(endpoint.pk)).decode()


def reseal(endpoint: WebhookEndpoint) -> dict[str, bytes]:
    """Return the sealed columns anew, under the newest key. Raises SealBrokenError and KeyError."""
    renewed: dict[str, bytes] = {}
    for column, purpose in (
        ("sealed_secret", _SIGNS),
        ("sealed_former_secret", _SIGNS),
        ("sealed_authorization", _AUTHORIZES),
    ):
        before = getattr(endpoint, column)
        if before is not None:
            opened = unseal(purpose, bytes(before), str(endpoint.pk))
            renewed[column] = seal(purpose, opened, str(endpoint.pk))
    return renewed
