"""What Amazon SNS posts to a subscribed address, and whether SNS itself has signed it.

Signature version 2 (SHA-256) only; the topic's attribute `SignatureVersion` chooses it. The rules
for text and certificate are those of "Verifying the signatures of Amazon SNS messages" in the
Amazon SNS Developer Guide.
"""

import base64
import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

_SIGNED_FIELDS: Final = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
    ),
    "UnsubscribeConfirmation": (
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
    ),
}  # fmt: skip
_CERTIFICATE_URL: Final = re.compile(
    r"https://sns\.([a-z]{2}(?:-[a-z]+)+-[0-9]{1,2})\.amazonaws\.com(?:\.cn)?"
    r"/SimpleNotificationService-[0-9a-f]{32,64}\.pem"
)
_TOPIC: Final = re.compile(r"arn:aws[a-z-]*:sns:([a-z0-9-]+):[0-9]{12}:[A-Za-z0-9_.-]{1,256}")
_OLDEST: Final = timedelta(hours=24)
"""Longer than SNS goes on trying to deliver (about an hour as it is set up by default)."""
_CLOCKS_DIFFER: Final = timedelta(minutes=5)
_SHORTEST_KEY: Final = 2048


class BadNotificationError(Exception):
    """Not a notification that this portal accepts; the text says why and quotes nothing of it."""


@dataclass(frozen=True)
class Notification:
    """A notification whose form and topic are right; its signature is still to be checked."""

    kind: str
    topic: str
    message: str
    token: str
    certificate_url: str
    signature: bytes
    signed_text: bytes


def read_notification(body: bytes, *, topics: Collection[str], at: datetime) -> Notification:
    """Return what was posted, if it claims to come from one of the topics and is fresh.

    Raises BadNotificationError.
    """
    fields = _fields(body)
    kind, topic = fields.get("Type", ""), fields.get("TopicArn", "")
    if kind not in _SIGNED_FIELDS:
        raise BadNotificationError("unknown type")
    if topic not in topics:
        raise BadNotificationError("unknown topic")
    if fields.get("SignatureVersion") != "2":
        raise BadNotificationError("signature version")
    _check_age(fields.get("Timestamp", ""), at)
    return Notification(
        kind=kind,
        topic=topic,
        message=fields.get("Message", ""),
        token=fields.get("Token", ""),
        certificate_url=_certificate_url(fields.get("SigningCertURL", ""), topic),
        signature=_signature(fields.get("Signature", "")),
        signed_text=_signed_text(kind, fields),
    )


def check_signature(notification: Notification, certificate: bytes, *, at: datetime) -> None:
    """Check the signature by the certificate (PEM). Raises BadNotificationError."""
    try:
        loaded = x509.load_pem_x509_certificate(certificate)
    except ValueError as error:
        raise BadNotificationError("certificate") from error
    if not loaded.not_valid_before_utc <= at <= loaded.not_valid_after_utc:
        raise BadNotificationError("certificate not in force")
    key = loaded.public_key()
    if not isinstance(key, RSAPublicKey) or key.key_size < _SHORTEST_KEY:
        raise BadNotificationError("key of the certificate")
    try:
        key.verify(notification.signature, notification.signed_text, PKCS1v15(), SHA256())
    except InvalidSignature as error:
        raise BadNotificationError("signature") from error


def _fields(body: bytes) -> dict[str, str]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadNotificationError("not JSON") from error
    if not isinstance(fields, dict):
        raise BadNotificationError("not an object")
    return {name: value for name, value in fields.items() if isinstance(value, str)}


def _check_age(text: str, at: datetime) -> None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadNotificationError("moment") from error
    if moment.tzinfo is None or not at - _OLDEST <= moment <= at + _CLOCKS_DIFFER:
        raise BadNotificationError("not fresh")


def _certificate_url(url: str, topic: str) -> str:
    """Return the address of the certificate if it is Amazon's, in the topic's own region."""
    place, region = _CERTIFICATE_URL.fullmatch(url), _TOPIC.fullmatch(topic)
    if place is None or region is None or place[1] != region[1]:
        raise BadNotificationError("address of the certificate")
    return url


def _signature(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise BadNotificationError("signature") from error


def _signed_text(kind: str, fields: dict[str, str]) -> bytes:
    present = [name for name in _SIGNED_FIELDS[kind] if name in fields]
    return "".join(f"{name}\n{fields[name]}\n" for name in present).encode(errors="surrogatepass")
