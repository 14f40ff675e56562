"""Check an ID token: signature, issuer, audience, times (OpenID Connect Core 1.0, 3.1.3.7).

Pure: keys and the moment are given. The signature is checked although the token comes straight
from the token endpoint: whoever answers there need not be who signs.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import jwt

from core.common.crypto import constant_time_equal

# Public keys only: with a shared secret whoever checks could sign as well.
ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)
LEEWAY_SECONDS: Final = 30
"""Own figure: clocks of two companies differ by some seconds."""
Claims = Mapping[str, Any]


class TokenRefusedError(Exception):
    """The token is not to be believed; the text says why, for the audit and the log alone."""


def read_id_token(
    token: str, *, keys: Mapping[str, Any], issuer: str, client_id: str, at: datetime
) -> Claims:
    """Return the claims of a token that was signed by the issuer for this client and holds now.

    `keys` is the issuer's key set (JWKS). Raises TokenRefusedError.
    """
    try:
        claims: Claims = jwt.decode(
            token,
            key=_key_of(token, keys),
            algorithms=list(ALGORITHMS),
            audience=client_id,
            issuer=issuer,
            # The times are compared below, by the moment that is given.
            options={
                "require": ["exp", "iat", "iss", "aud", "sub"],
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
    except jwt.PyJWTError as error:
        raise TokenRefusedError(type(error).__name__) from error
    _check_party(claims, client_id)
    _check_times(claims, at)
    if not isinstance(claims["sub"], str) or not claims["sub"]:
        raise TokenRefusedError("subject")
    return claims


def check_nonce(claims: Claims, expected: str) -> None:
    """Raise TokenRefusedError unless the token answers this very request."""
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not expected or not constant_time_equal(nonce, expected):
        raise TokenRefusedError("nonce")


def check_signed_in_since(claims: Claims, since: datetime) -> None:
    """Raise TokenRefusedError unless the person proved who they are at the provider since then."""
    moment = claims.get("auth_time")
    if not isinstance(moment, int | float) or moment < since.timestamp() - LEEWAY_SECONDS:
        raise TokenRefusedError("auth_time")


def _key_of(token: str, keys: Mapping[str, Any]) -> Any:
    wanted = jwt.get_unverified_header(token).get("kid")
    found = [
        key
        for key in jwt.PyJWKSet.from_dict(dict(keys)).keys
        if key.public_key_use in {None, "sig"} and (wanted is None or key.key_id == wanted)
    ]
    if len(found) != 1:
        raise TokenRefusedError("key")
    return found[0]


def _check_party(claims: Claims, client_id: str) -> None:
    """With several audiences, or where it is named, the authorized party must be this client."""
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    party = claims.get("azp")
    if (len(audiences) > 1 or party is not None) and party != client_id:
        raise TokenRefusedError("azp")


def _check_times(claims: Claims, at: datetime) -> None:
    now = at.timestamp()
    ends, begins, made = claims["exp"], claims.get("nbf", 0), claims["iat"]
    if not all(_is_number(moment) for moment in (ends, begins, made)):
        raise TokenRefusedError("times")
    if now >= ends + LEEWAY_SECONDS:
        raise TokenRefusedError("expired")
    if max(begins, made) > now + LEEWAY_SECONDS:
        raise TokenRefusedError("not_yet")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
