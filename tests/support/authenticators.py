"""Authenticators in software: an app that shows codes, and a security key that signs."""

import json
import os
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from fido2.cose import ES256
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

from core.accounts.models import User
from core.common import clock
from core.common.crypto import seal
from core.mfa.authenticators.totp import code_of, new_secret, step_at
from core.mfa.models import Factor, FactorKind, Passkey, Totp
from tests.support.people import PASSWORD, START

USER_PRESENT = AuthenticatorData.FLAG.UP
USER_VERIFIED = AuthenticatorData.FLAG.UV
HAS_KEY = AuthenticatorData.FLAG.AT


@dataclass
class App:
    """An authenticator app that keeps one secret."""

    secret: bytes = field(default_factory=new_secret)

    def code(self, at: datetime, *, steps: int = 0) -> str:
        """Return what the app shows at a moment, or some steps away from it."""
        return code_of(self.secret, step_at(at) + steps)

    def wrong_code(self, at: datetime) -> str:
        """Return six digits that are not right now."""
        near = {self.code(at, steps=steps) for steps in (-1, 0, 1)}
        return next(f"{n:06d}" for n in range(10) if f"{n:06d}" not in near)


@dataclass
class SecurityKey:
    """A security key that keeps one passkey for one domain."""

    rp_id: str = "testserver"
    origin: str = "http://testserver"
    counter: int = 0
    flags: AuthenticatorData.FLAG = USER_PRESENT | USER_VERIFIED
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    handle: bytes = b""

    def make(self, options: dict[str, Any], **client: Any) -> dict[str, Any]:
        """Answer the question of an enrolment, as the page's script sends it."""
        asked = options["publicKey"]
        self.handle = websafe_decode(asked["user"]["id"])
        data = AuthenticatorData.create(
            sha256(self.rp_id.encode()),
            self.flags | HAS_KEY,
            self.counter,
            self.credential,
        )
        attestation = AttestationObject.create("none", data, {})
        return self._answer(
            "webauthn.create",
            asked["challenge"],
            {"attestationObject": websafe_encode(attestation), "transports": ["usb", "odd"]},
            client,
        )

    def sign(
        self, options: dict[str, Any], *, counts: bool = True, **client: Any
    ) -> dict[str, Any]:
        """Answer the question of a proof."""
        self.counter += counts
        data = AuthenticatorData.create(sha256(self.rp_id.encode()), self.flags, self.counter)
        client_data = self._client_data("webauthn.get", options["publicKey"]["challenge"], client)
        signature = self.key.sign(data + sha256(client_data), ec.ECDSA(hashes.SHA256()))
        return self._packed(
            client_data,
            {
                "authenticatorData": websafe_encode(data),
                "signature": websafe_encode(signature),
                "userHandle": websafe_encode(self.handle),
            },
        )

    @property
    def credential(self) -> AttestedCredentialData:
        """Return identifier and public key."""
        public = ES256.from_cryptography_key(self.key.public_key())
        return AttestedCredentialData.create(Aaguid.NONE, self.credential_id, public)

    def _answer(
        self, kind: str, challenge: str, parts: dict[str, Any], client: dict[str, Any]
    ) -> dict[str, Any]:
        return self._packed(self._client_data(kind, challenge, client), parts)

    def _client_data(self, kind: str, challenge: str, client: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, **client}
        return json.dumps(said).encode()

    def _packed(self, client_data: bytes, parts: dict[str, Any]) -> dict[str, Any]:
        name = websafe_encode(self.credential_id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "response": {"clientDataJSON": websafe_encode(client_data), **parts},
            "clientExtensionResults": {},
        }


def give_app(user: User, *, last_step: int = 0) -> App:
    """Give an account an authenticator app."""
    app = App()
    factor = Factor.objects.create(
        user=user, kind=FactorKind.TOTP, verified_at=START, created_at=START
    )
    sealed = seal("totp", app.secret, "account", str(user.id))
    Totp.objects.create(factor=factor, sealed_secret=sealed, last_step=last_step)
    return app


def give_key(user: User, key: SecurityKey | None = None, *, name: str = "Blue key") -> SecurityKey:
    """Give an account a security key."""
    key = key or SecurityKey()
    key.handle = user.id.bytes
    factor, _made = Factor.objects.get_or_create(
        user=user,
        kind=FactorKind.PASSKEY,
        defaults={"verified_at": START, "created_at": START},
    )
    Passkey.objects.create(
        factor=factor,
        name=name,
        rp_id=key.rp_id,
        user_handle=key.handle,
        credential_id=key.credential_id,
        credential=bytes(key.credential),
        sign_count=key.counter,
        is_synced=False,
        created_at=START,
    )
    return key


def confirm_by_app(client: Client, app: App) -> None:
    """Prove password and app once more, as pages of change ask of an account with an app."""
    client.post("/confirm/?next=/home/", {"password": PASSWORD})
    client.post("/confirm/verify/", {"action": "verify", "code": app.code(clock.now())})
