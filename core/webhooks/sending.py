"""One request to an endpoint, and what it came to. Never raises for what the receiver does."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from types import MappingProxyType
from typing import Final

from core.common.crypto import SealBrokenError
from core.common.probing.asking import Answer, NoAnswerError, Question, Trouble
from core.webhooks.addresses import host_of, path_of, prober_for
from core.webhooks.models import WebhookDelivery
from core.webhooks.payloads import EventMissingError, body_of, content_type_of
from core.webhooks.secrets import authorization_of, secrets_of
from core.webhooks.signing import signed_headers
from core.webhooks.states import AttemptOutcome, EndpointKind

_MOST_OF_ANSWER: Final = 500
_TROUBLES: Final = MappingProxyType(
    {
        Trouble.NO_NAME: AttemptOutcome.NO_NAME,
        Trouble.INSIDE: AttemptOutcome.INSIDE,
        Trouble.UNREACHABLE: AttemptOutcome.UNREACHABLE,
        Trouble.CERTIFICATE: AttemptOutcome.CERTIFICATE,
        Trouble.ODD: AttemptOutcome.ODD,
    }
)
_STATUSES: Final = MappingProxyType(
    {
        410: AttemptOutcome.GONE,
        429: AttemptOutcome.BUSY,
        502: AttemptOutcome.BUSY,
        503: AttemptOutcome.BUSY,
        504: AttemptOutcome.BUSY,
    }
)


@dataclass(frozen=True)
class Sent:
    """What one request came to. `answer` is the beginning of what the receiver wrote."""

    outcome: AttemptOutcome
    milliseconds: int
    status: int | None = None
    detail: str = ""
    address: str = ""
    answer: str = ""
    retry_after: str = ""


def send(delivery: WebhookDelivery, *, at: datetime) -> Sent:
    """Hand a delivery over to its endpoint, once; called by workers, outside of transactions."""
    started = monotonic()

    def took() -> int:
        return int((monotonic() - started) * 1000)

    try:
        question = _question(delivery, at=at)
    except (EventMissingError, SealBrokenError, KeyError):
        return Sent(AttemptOutcome.UNREADABLE, took())
    endpoint = delivery.endpoint
    prober = prober_for(endpoint.address, kind=EndpointKind(endpoint.kind))
    try:
        answer = prober.send(host_of(endpoint.address), question)
    except NoAnswerError as error:
        slow = error.trouble is Trouble.UNREACHABLE and error.detail == "slow"
        outcome = AttemptOutcome.SLOW if slow else _TROUBLES[error.trouble]
        return Sent(outcome, took(), detail=error.detail, address=error.address)
    return _sent(answer, took())


def request_headers(delivery: WebhookDelivery) -> dict[str, str]:
    """Return the headers that are the same with every attempt, without what is secret."""
    return {
        "Content-Type": content_type_of(delivery),
        "User-Agent": "portal-webhooks",
        "webhook-id": str(delivery.message_id),
    }


def _question(delivery: WebhookDelivery, *, at: datetime) -> Question:
    body, endpoint = body_of(delivery), delivery.endpoint
    signed = signed_headers(
        str(delivery.message_id),
        body,
        seconds=int(at.timestamp()),
        secrets=secrets_of(endpoint, at=at),
    )
    headers: Mapping[str, str] = {**request_headers(delivery), **signed}
    if authorization := authorization_of(endpoint):
        headers = {**headers, "Authorization": authorization}
    return Question(
        path=path_of(endpoint.address),
        method="POST",
        headers=tuple(headers.items()),
        body=body,
        most=_MOST_OF_ANSWER,
        keeps_status=True,
    )


def _sent(answer: Answer, milliseconds: int) -> Sent:
    return Sent(
        outcome=_outcome_of(answer.status),
        milliseconds=milliseconds,
        status=answer.status,
        address=answer.address,
        answer=_readable(answer.body),
        retry_after=answer.retry_after,
    )


def _outcome_of(status: int) -> AttemptOutcome:
    if 200 <= status < 300:
        return AttemptOutcome.TAKEN
    if 300 <= status < 400:
        return AttemptOutcome.REDIRECT
    return _STATUSES.get(status) or (
        AttemptOutcome.FAULT if status >= 500 else AttemptOutcome.REFUSED
    )


def _readable(body: bytes) -> str:
    text = body.decode(errors="replace")
    return "".join(one if one.isprintable() or one == "\n" else "·" for one in text)
