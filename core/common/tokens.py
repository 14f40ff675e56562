"""Tokens that a link, cookie or session carries: 256 random bits, of which a digest is kept.

The row that a token opens has it as `token_digest`; `key_version`, where there is one, says which
of the deployment's keys must be kept for it.
"""

import secrets
from dataclasses import dataclass

from django.db.models import Q

from core.common.crypto import current_key_version, keyed_digest, keyed_digests


@dataclass(frozen=True)
class NewToken:
    """A fresh token, which stands nowhere else, and what its row keeps of it."""

    token: str
    digest: bytes
    key_version: int


def new_token(purpose: str) -> NewToken:
    """Return a URL-safe token (43 characters) with its digest under the purpose's newest key."""
    token = secrets.token_urlsafe(32)
    version = current_key_version()
    return NewToken(token, keyed_digest(purpose, token, version=version), version)


def has_token(purpose: str, token: str) -> Q:
    """Return the condition that a row is the token's, whichever key in use made its digest.

    Whoever measures the look-up learns of digests, which say nothing about tokens.
    """
    return Q(token_digest__in=keyed_digests(purpose, token))
