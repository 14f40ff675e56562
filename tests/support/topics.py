"""Notifications as Amazon SNS signs and posts them, with a certificate of the test's own."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

TOPIC = "arn:aws:sns:us-east-1:111122223333:portal-mail"
CERTIFICATE_URL = (
    "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-" + "0a1b" * 8 + ".pem"
)


@dataclass(frozen=True)
class Signer:
    """Signs like SNS does; `pem` is its certificate."""

    key: rsa.RSAPrivateKey
    pem: bytes

    def post(self, kind: str = "Notification", *, at: datetime, **fields: str) -> bytes:
        """Return the body of a signed post."""
        values = {
            "Type": kind,
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": TOPIC,
            "Message": "{}",
            "Timestamp": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "SignatureVersion": "2",
            "SigningCertURL": CERTIFICATE_URL,
            **fields,
        }
        signature = self.key.sign(text_to_sign(values), PKCS1v15(), SHA256())
        return json.dumps({**values, "Signature": base64.b64encode(signature).decode()}).encode()


def text_to_sign(values: dict[str, str]) -> bytes:
    """Return the text as the developer guide builds it: names in order, each with its value."""
    if values["Type"] == "Notification":
        names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    else:
        names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    lines = [line for name in names if name in values for line in (name, values[name])]
    return ("\n".join(lines) + "\n").encode()


def make_signer(*, begins: datetime, days: int = 30, bits: int = 2048) -> Signer:
    """Make a key and a certificate that is in force for so many days."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
        .sign(key, SHA256())
    )
    return Signer(key, certificate.public_bytes(Encoding.PEM))
