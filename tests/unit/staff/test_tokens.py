"""ID tokens: what is believed, to the second, and what is not."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from core.staff.oidc.tokens import (
    LEEWAY_SECONDS,
    TokenRefusedError,
    check_nonce,
    check_signed_in_since,
    read_id_token,
)

AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
NOW = int(AT.timestamp())
ISSUER, CLIENT = "https://login.company.example", "provider-portal"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVE = ec.generate_private_key(ec.SECP256R1())


def public(key: Any, kid: str, **more: str) -> dict[str, Any]:
    algorithm: Any = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    return {**json.loads(algorithm.to_jwk(key.public_key())), "kid": kid, **more}


KEYS = {"keys": [public(KEY, "one", alg="RS256", use="sig"), public(CURVE, "two", alg="ES256")]}


def token(
    key: Any = KEY, *, alg: str = "RS256", kid: str | None = "one", drop: str = "", **claims: Any
) -> str:
    told = {
        "iss": ISSUER,
        "aud": CLIENT,
        "sub": "u-1",
        "iat": NOW,
        "exp": NOW + 300,
        "nonce": "n",
        **claims,
    }
    told.pop(drop, None)
    headers = {"kid": kid} if kid else None
    return jwt.encode(told, key, algorithm=alg, headers=headers)


def read(text: str, *, keys: Any = None, at: datetime = AT) -> Any:
    return read_id_token(text, keys=keys or KEYS, issuer=ISSUER, client_id=CLIENT, at=at)


def refused(text: str, **more: Any) -> str:
    with pytest.raises(TokenRefusedError) as refusal:
        read(text, **more)
    return str(refusal.value)


def test_what_is_signed_by_a_published_key_is_believed() -> None:
    assert read(token())["sub"] == "u-1"
    assert read(token(CURVE, alg="ES256", kid="two"))["sub"] == "u-1"
    assert read(token(aud=[CLIENT]))["aud"] == [CLIENT]
    assert read(token(aud=[CLIENT, "other"], azp=CLIENT))["azp"] == CLIENT
    alone = {"keys": [public(KEY, "one")]}
    assert read(token(kid=None), keys=alone)["sub"] == "u-1"


def test_other_keys_and_algorithms_are_not() -> None:
    assert refused(token(OTHER)) == "InvalidSignatureError"
    assert refused(token(kid="three")) == "key"
    assert refused(token(kid=None)) == "key"
    assert refused(token("a shared secret of more than 32 bytes!", alg="HS256")) != ""
    assert refused(token(None, alg="none")) != ""
    assert refused("not.a.token") == "DecodeError"
    assert refused("") == "DecodeError"
    for_encryption = {"keys": [public(KEY, "one", use="enc")]}
    assert refused(token(), keys=for_encryption) == "key"
    assert refused(token(), keys={"keys": []}) != ""


def test_a_secret_made_of_the_public_key_signs_nothing() -> None:
    pem = KEY.public_key().public_bytes(
        encoding=serialization.Encoding.PEM,
        format=serialization.PublicFormat.SubjectPublicKeyInfo,
    )

    def part(value: bytes) -> bytes:
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    told = {"iss": ISSUER, "aud": CLIENT, "sub": "u-1", "iat": NOW, "exp": NOW + 300}
    body = part(json.dumps({"alg": "HS256", "kid": "one"}).encode()) + b"."
    body += part(json.dumps(told).encode())
    forged = body + b"." + part(hmac.digest(pem, body, hashlib.sha256))
    assert refused(forged.decode()) != ""


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": ISSUER + "/"}, "InvalidIssuerError"),
        ({"aud": "other"}, "InvalidAudienceError"),
        ({"aud": [CLIENT, "other"]}, "azp"),
        ({"azp": "other"}, "azp"),
        ({"sub": ""}, "subject"),
        ({"exp": "soon"}, "times"),
        ({"iat": True}, "times"),
        ({"drop": "exp"}, "MissingRequiredClaimError"),
        ({"drop": "sub"}, "MissingRequiredClaimError"),
        ({"drop": "iat"}, "MissingRequiredClaimError"),
    ],
    ids=str,
)
def test_claims_that_do_not_fit(claims: dict[str, Any], reason: str) -> None:
    assert refused(token(**claims)) == reason


def test_the_times_to_the_second() -> None:
    leeway = timedelta(seconds=LEEWAY_SECONDS)
    ends = AT + timedelta(seconds=300)
    read(token(), at=ends + leeway - timedelta(seconds=1))
    assert refused(token(), at=ends + leeway) == "expired"
    read(token(), at=AT - leeway)
    assert refused(token(), at=AT - leeway - timedelta(seconds=1)) == "not_yet"
    assert refused(token(nbf=NOW + LEEWAY_SECONDS + 1)) == "not_yet"


def test_the_nonce_is_the_one_that_was_asked_with() -> None:
    check_nonce({"nonce": "n"}, "n")
    for claims, expected in (({"nonce": "m"}, "n"), ({}, "n"), ({"nonce": ""}, ""), ({}, "")):
        with pytest.raises(TokenRefusedError, match="nonce"):
            check_nonce(claims, expected)


def test_a_confirmation_is_no_older_than_its_question() -> None:
    check_signed_in_since({"auth_time": NOW - LEEWAY_SECONDS}, AT)
    for moment in (NOW - LEEWAY_SECONDS - 1, None, "now"):
        with pytest.raises(TokenRefusedError, match="auth_time"):
            check_signed_in_since({"auth_time": moment}, AT)
