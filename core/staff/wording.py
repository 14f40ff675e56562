"""What things are called in sentences for staff."""

from collections.abc import Mapping
from typing import Final

METHOD_WORDS: Final[Mapping[str, str]] = {
    "phone": "a text or call to your phone",
    "email": "a code to your e-mail address",
    "totp": "an authenticator app",
    "passkey": "a passkey or security key",
}
