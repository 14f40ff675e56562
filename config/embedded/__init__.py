"""PostgreSQL and Redis from wheels, for a portal on one machine. Production imports none of it.

`addresses()` is a pure function of `PORTAL_STATE`. `start()` starts the servers or joins those that
run; they stop when the last user lets go or dies. By hand: `python -m config.embedded`.
"""

from config.embedded.errors import EmbeddedServerError
from config.embedded.places import (
    APPLICATION,
    OWNER,
    Addresses,
    addresses,
    places,
    state_folder,
    test_state_folder,
)
from config.embedded.using import Use, attached, pin, start, status, stop

__all__ = [
    "APPLICATION",
    "OWNER",
    "Addresses",
    "EmbeddedServerError",
    "Use",
    "addresses",
    "attached",
    "pin",
    "places",
    "start",
    "state_folder",
    "status",
    "stop",
    "test_state_folder",
]
