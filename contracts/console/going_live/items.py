"""The lines that only a person can vouch for."""

from collections.abc import Mapping
from typing import Final

ITEMS: Final[Mapping[str, str]] = {
    "terms_read": "Somebody at the agency has read the terms of use as they are shown",
    "words_read": "Somebody has read the registration pages and a mail with the contract's words",
    "registered_once": "Somebody has registered a provider from beginning to end",
    "support_told": "The support contacts know that the program goes live, and what to answer",
    "providers_told": "The providers have been told when they can register, and with what",
}
"""By the key under which a tick is kept; a key is never used for another line."""
