"""What a notification of Amazon SNS needs from Amazon: the certificate, and the confirmation."""

import http.client
import ssl
import threading
import time
from typing import Final
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from core.notifications.channels import aws_clients
from core.notifications.channels.base import TransientRefusalError

SECONDS: Final = 5
_KEPT_SECONDS: Final = 24 * 3600.0
_LARGEST: Final = 20_000
_FETCHES_A_MINUTE: Final = 10
"""Anybody may post an address of the right form; so many of them are asked for, no more."""


class _Certificates:
    """Certificates by their address, for one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, bytes]] = {}
        self._fetched: list[float] = []

    def get(self, url: str) -> bytes:
        moment = time.monotonic()
        with self._lock:
            kept = self._kept.get(url)
            if kept is not None and moment - kept[0] < _KEPT_SECONDS:
                return kept[1]
            self._fetched = [each for each in self._fetched if moment - each < 60]
            if len(self._fetched) >= _FETCHES_A_MINUTE:
                raise TransientRefusalError("too many certificates")
            self._fetched.append(moment)
        fetched = _fetch(url)
        with self._lock:
            # There are few: Amazon changes them seldom. What is over went in first.
            self._kept = dict([*self._kept.items(), (url, (moment, fetched))][-8:])
        return fetched

    def forget(self) -> None:
        with self._lock:
            self._kept, self._fetched = {}, []


CERTIFICATES: Final = _Certificates()


def signing_certificate(url: str) -> bytes:
    """Return the certificate (PEM) at an address that `topic_notifications` let through.

    Over TLS, from that host alone: redirects are not followed. Raises TransientRefusalError.
    """
    return CERTIFICATES.get(url)


def confirm_subscription(*, topic: str, token: str) -> None:
    """Confirm that this portal wants a topic's notifications; only its owner may end that.

    Through the service's API: no address of the message is followed. Raises TransientRefusalError.
    """
    try:
        aws_clients.topic_client().confirm_subscription(
            TopicArn=topic, Token=token, AuthenticateOnUnsubscribe="true"
        )
    except (BotoCoreError, ClientError) as error:
        raise TransientRefusalError(aws_clients.outcome_of(error).reason) from None


def _fetch(url: str) -> bytes:
    address = urlsplit(url)
    connection = _connect(address.hostname or "")
    try:
        connection.request("GET", address.path)
        response = connection.getresponse()
        data = response.read(_LARGEST + 1)
    except (OSError, http.client.HTTPException) as error:
        raise TransientRefusalError(type(error).__name__) from None
    finally:
        connection.close()
    if response.status != http.HTTPStatus.OK or len(data) > _LARGEST:
        raise TransientRefusalError(f"certificate {response.status}")
    return data


def _connect(host: str) -> http.client.HTTPSConnection:
    return http.client.HTTPSConnection(host, timeout=SECONDS, context=ssl.create_default_context())
