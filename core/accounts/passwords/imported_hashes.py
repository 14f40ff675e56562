"""Password hashes that came with accounts of an earlier portal: read, limited, compared. Pure.

Django's own encodings and the forms that other systems write: `$2b$…` of bcrypt, `$argon2id$…`,
and `$pbkdf2-sha256$…` of the PHC string format and of passlib. Hashes without a salt or without
work (MD5, SHA-1, crypt) are not taken: whoever read the file would know the passwords.

Such a hash is never made here and never kept longer than until its account has a new password.
"""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Final, Protocol

import argon2
import bcrypt
from argon2.exceptions import InvalidHashError, VerificationError

# Own figures. One check may not hold a core for longer than about a second.
_PBKDF2_ROUNDS: Final = range(1_000, 2_000_001)
_BCRYPT_COSTS: Final = range(4, 15)
_MOST_ARGON2_MEMORY: Final = 256 * 1024
_MOST_ARGON2_PASSES: Final = 10
_MOST_ARGON2_LANES: Final = 16
_BCRYPT_READS: Final = 72
LONGEST_HASH: Final = 256

_DJANGO_PBKDF2: Final = re.compile(
    r"pbkdf2_(sha1|sha256)\$(\d{1,8})\$([^$]{1,100})\$([A-Za-z0-9+/=]+)"
)
_PHC_PBKDF2: Final = re.compile(
    r"\$pbkdf2-(sha1|sha256|sha512)\$(?:i=)?(\d{1,8})\$([A-Za-z0-9+/.]+)\$([A-Za-z0-9+/.]+)"
)
_BCRYPT: Final = re.compile(r"(?:(bcrypt|bcrypt_sha256)\$)?\$2([aby])\$(\d\d)\$([./A-Za-z0-9]{53})")
_ARGON2: Final = re.compile(r"(?:argon2)?(\$argon2(?:id|i|d)\$v=\d+\$[^\s]+)")
_TOO_MUCH_WORK: Final = (
    "This hash takes more work than a sign-in can bear, or next to none. Leave it empty: the "
    "person then gets a link by mail."
)


class HashRefusedError(ValueError):
    """The text is not a hash that is taken; the argument says why, without the text."""


class ImportedHash(Protocol):
    """A hash that a password can be compared with."""

    @property
    def family(self) -> str:
        """Return what says how much work a comparison is: two of one family take as long."""

    def fits(self, password: str) -> bool:
        """Tell whether a password is the one."""


@dataclass(frozen=True)
class _Pbkdf2:
    digest: str
    rounds: int
    salt: bytes
    key: bytes

    @property
    def family(self) -> str:
        return f"pbkdf2-{self.digest}:{self.rounds}:{len(self.key)}"

    def fits(self, password: str) -> bool:
        made = hashlib.pbkdf2_hmac(
            self.digest, password.encode(), self.salt, self.rounds, len(self.key)
        )
        return hmac.compare_digest(made, self.key)


@dataclass(frozen=True)
class _Bcrypt:
    encoded: bytes
    cost: int
    is_digested: bool

    @property
    def family(self) -> str:
        return f"bcrypt{'-sha256' if self.is_digested else ''}:{self.cost}"

    def fits(self, password: str) -> bool:
        secret = password.encode()
        if self.is_digested:
            secret = hashlib.sha256(secret).hexdigest().encode()
        # The algorithm reads no further; who wrote the hash cut silently.
        return bcrypt.checkpw(secret[:_BCRYPT_READS], self.encoded)


@dataclass(frozen=True)
class _Argon2:
    encoded: str

    @property
    def family(self) -> str:
        return self.encoded[1:].rsplit("$", 2)[0]

    def fits(self, password: str) -> bool:
        try:
            return argon2.PasswordHasher().verify(self.encoded, password)
        except (VerificationError, InvalidHashError):
            return False


def read_hash(text: str) -> ImportedHash:
    """Return the hash that a text is. Raises HashRefusedError with a sentence that says why not."""
    if len(text) > LONGEST_HASH:
        raise HashRefusedError("This is longer than any password hash.")
    for pattern, read in ((_BCRYPT, _bcrypt), (_ARGON2, _argon2)):
        found = pattern.fullmatch(text)
        if found:
            return read(found)
    for pattern in (_DJANGO_PBKDF2, _PHC_PBKDF2):
        found = pattern.fullmatch(text)
        if found:
            return _pbkdf2(found, salt_is_text=pattern is _DJANGO_PBKDF2)
    raise HashRefusedError(
        "This is not a hash of PBKDF2, bcrypt or Argon2. Leave it empty: the person then gets a "
        "link by mail."
    )


def _pbkdf2(found: re.Match[str], *, salt_is_text: bool) -> ImportedHash:
    digest, rounds, salt, key = found.groups()
    if int(rounds) not in _PBKDF2_ROUNDS:
        raise HashRefusedError(_TOO_MUCH_WORK)
    raw_salt = salt.encode() if salt_is_text else _from_base64(salt)
    raw_key = _from_base64(key)
    if len(raw_key) != hashlib.new(digest).digest_size:
        raise HashRefusedError("This hash is cut off: its length is not that of its algorithm.")
    return _Pbkdf2(digest, int(rounds), raw_salt, raw_key)


def _bcrypt(found: re.Match[str]) -> ImportedHash:
    name, _variant, cost, rest = found.groups()
    if int(cost) not in _BCRYPT_COSTS:
        raise HashRefusedError(_TOO_MUCH_WORK)
    # Variants a, b and y are the same algorithm; the library speaks of b.
    encoded = f"$2b${cost}${rest}".encode()
    return _Bcrypt(encoded, int(cost), is_digested=name == "bcrypt_sha256")


def _argon2(found: re.Match[str]) -> ImportedHash:
    encoded = found[1]
    try:
        parameters = argon2.extract_parameters(encoded)
    except (InvalidHashError, ValueError) as error:
        raise HashRefusedError("This hash of Argon2 is damaged.") from error
    if (
        parameters.memory_cost > _MOST_ARGON2_MEMORY
        or parameters.time_cost > _MOST_ARGON2_PASSES
        or parameters.parallelism > _MOST_ARGON2_LANES
    ):
        raise HashRefusedError(_TOO_MUCH_WORK)
    return _Argon2(encoded)


def _from_base64(text: str) -> bytes:
    """Decode base64 with or without padding, and passlib's form with a dot in place of the plus."""
    plain = text.replace(".", "+").rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error as error:
        raise HashRefusedError("This hash is damaged: a part of it cannot be decoded.") from error
