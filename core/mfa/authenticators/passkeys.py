"""The one module that speaks WebAuthn (python-fido2): questions, and the check of answers.

What the library leaves to us: the answer must come from the page's own origin, outside any frame
of another site; the person must have been verified (PIN, finger, face); a counter must rise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestationConveyancePreference,
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorData,
    AuthenticatorTransport,
    CollectedClientData,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

CHALLENGE_BYTES = 32
_TRANSPORTS = frozenset(transport.value for transport in AuthenticatorTransport)


class PasskeyRefusedError(Exception):
    """The answer of an authenticator does not check out; says why, for the audit."""


@dataclass(frozen=True)
class RelyingParty:
    """For which domain a passkey is good, what it is called there, and which origin answers."""

    rp_id: str
    name: str
    origin: str


@dataclass(frozen=True)
class Person:
    """What an authenticator keeps about whose passkey it is."""

    handle: bytes
    name: str
    display_name: str


@dataclass(frozen=True)
class NewPasskey:
    """What an enrolment brings. `credential` holds identifier and public key."""

    credential_id: bytes
    credential: bytes
    sign_count: int
    is_synced: bool
    transports: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON column holds it."""
        return {
            "credential_id": websafe_encode(self.credential_id),
            "credential": websafe_encode(self.credential),
            "sign_count": self.sign_count,
            "is_synced": self.is_synced,
            "transports": list(self.transports),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """Read what `to_json` made."""
        return cls(
            credential_id=websafe_decode(kept["credential_id"]),
            credential=websafe_decode(kept["credential"]),
            sign_count=kept["sign_count"],
            is_synced=kept["is_synced"],
            transports=tuple(kept["transports"]),
        )


@dataclass(frozen=True)
class KnownPasskey:
    """A passkey that may answer."""

    credential_id: bytes
    credential: bytes
    user_handle: bytes
    transports: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """Which passkey answered, and its counter (0: it does not count)."""

    credential_id: bytes
    sign_count: int
    is_synced: bool


def enrolment_options(
    party: RelyingParty, person: Person, *, challenge: bytes, exclude: Sequence[KnownPasskey]
) -> dict[str, Any]:
    """Return what `navigator.credentials.create` is asked, as JSON; who has one makes no second."""
    options, _state = _server(party).register_begin(
        PublicKeyCredentialUserEntity(
            name=person.name, id=person.handle, display_name=person.display_name
        ),
        credentials=_descriptors(exclude),
        resident_key_requirement=ResidentKeyRequirement.PREFERRED,
        user_verification=UserVerificationRequirement.REQUIRED,
        challenge=challenge,
    )
    return dict(options)


def proof_options(
    party: RelyingParty, *, challenge: bytes, allow: Sequence[KnownPasskey]
) -> dict[str, Any]:
    """Return what `navigator.credentials.get` is asked, as JSON."""
    options, _state = _server(party).authenticate_begin(
        credentials=_descriptors(allow),
        user_verification=UserVerificationRequirement.REQUIRED,
        challenge=challenge,
    )
    return dict(options)


def read_enrolment(
    party: RelyingParty, *, challenge: bytes, response: Mapping[str, Any]
) -> NewPasskey:
    """Return the new passkey of an answer to `enrolment_options`. Raises PasskeyRefusedError."""
    try:
        read = RegistrationResponse.from_dict(response)
        _not_framed(read.response.client_data)
        made = _server(party).register_complete(_state(challenge), response)
        transports = _known_transports(response)
    except PasskeyRefusedError:
        raise
    except Exception as error:  # whatever a stranger's bytes break in the parsers is a refusal
        raise PasskeyRefusedError(_reason(error)) from error
    if made.credential_data is None:
        raise PasskeyRefusedError("no credential")
    return NewPasskey(
        credential_id=made.credential_data.credential_id,
        credential=bytes(made.credential_data),
        sign_count=made.counter,
        is_synced=_is_synced(made),
        transports=transports,
    )


def read_proof(
    party: RelyingParty,
    *,
    challenge: bytes,
    allow: Sequence[KnownPasskey],
    response: Mapping[str, Any],
) -> Answer:
    """Return which passkey answered `proof_options`, signature and all checked.

    Raises PasskeyRefusedError. The counter is the caller's to compare, in the database.
    """
    try:
        read = AuthenticationResponse.from_dict(response)
        _not_framed(read.response.client_data)
        known = [AttestedCredentialData(passkey.credential) for passkey in allow]
        used = _server(party).authenticate_complete(_state(challenge), known, response)
        handle = read.response.user_handle
    except PasskeyRefusedError:
        raise
    except Exception as error:  # as above
        raise PasskeyRefusedError(_reason(error)) from error
    owner = next(one.user_handle for one in allow if one.credential_id == used.credential_id)
    if handle and handle != owner:
        raise PasskeyRefusedError("another person's handle")
    answered = read.response.authenticator_data
    return Answer(used.credential_id, answered.counter, _is_synced(answered))


def challenge_of(response: Mapping[str, Any]) -> bytes | None:
    """Return the challenge that an answer says it answers, or None; proves nothing yet."""
    try:
        return CollectedClientData(websafe_decode(response["response"]["clientDataJSON"])).challenge
    except (LookupError, TypeError, ValueError, AttributeError):
        return None


def _server(party: RelyingParty) -> Fido2Server:
    return Fido2Server(
        PublicKeyCredentialRpEntity(name=party.name, id=party.rp_id),
        attestation=AttestationConveyancePreference.NONE,
        verify_origin=lambda origin: origin == party.origin,
    )


def _state(challenge: bytes) -> dict[str, Any]:
    """Return what the library would have had us keep in the session; our row holds it instead."""
    return {
        "challenge": websafe_encode(challenge),
        "user_verification": UserVerificationRequirement.REQUIRED,
    }


def _descriptors(passkeys: Sequence[KnownPasskey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            type=PublicKeyCredentialType.PUBLIC_KEY,
            id=one.credential_id,
            transports=[AuthenticatorTransport(name) for name in one.transports] or None,
        )
        for one in passkeys
    ]


def _not_framed(client_data: CollectedClientData) -> None:
    if client_data.cross_origin:
        raise PasskeyRefusedError("asked from a frame of another site")


def _known_transports(response: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ways to reach the authenticator, as the browser names them; odd ones are left out.

    They are a hint for the next question and prove nothing.
    """
    named = response.get("response", {}).get("transports") or []
    return tuple(sorted({str(name) for name in named} & _TRANSPORTS))


def _is_synced(data: AuthenticatorData) -> bool:
    return bool(data.flags & AuthenticatorData.FLAG.BS)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]
