"""Where a local portal keeps its servers, and under which addresses they answer.

Everything here is a pure function of `PORTAL_STATE` (default: `.local/` in the repository):
settings can ask for an address without a server having to run.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

REPOSITORY = Path(__file__).resolve().parent.parent.parent

SUPERUSER = "postgres"
OWNER = "portal_owner"
APPLICATION = "portal_app"
DATABASE = "portal"

# A Unix socket's path may be 107 bytes long; PostgreSQL appends "/.s.PGSQL.5432.lock".
_LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432.lock")


@dataclass(frozen=True)
class Places:
    """The folders and files of one local portal."""

    state: Path
    sockets: Path

    @property
    def postgres(self) -> Path:
        """The database cluster's folder."""
        return self.state / "postgres"

    @property
    def redis(self) -> Path:
        """The Redis server's working folder."""
        return self.state / "redis"

    @property
    def logs(self) -> Path:
        """The folder of the servers' and processes' logs."""
        return self.state / "logs"

    @property
    def redis_socket(self) -> Path:
        """The Unix socket on which Redis answers."""
        return self.sockets / "redis.sock"

    @property
    def users(self) -> Path:
        """The file that each user of the servers holds locked together with the others."""
        return self.state / "embedded.users"

    @property
    def keeper(self) -> Path:
        """The file that the one keeper of the servers holds locked alone."""
        return self.state / "embedded.keeper"

    @property
    def status(self) -> Path:
        """What the keeper says about itself."""
        return self.state / "embedded.json"

    @property
    def pinned(self) -> Path:
        """While this file exists, the servers stay when nobody uses them."""
        return self.state / "embedded.pinned"

    def make(self) -> None:
        """Make the folders that belong to the person who runs the portal."""
        self.state.mkdir(parents=True, exist_ok=True)
        self.logs.mkdir(exist_ok=True)


@dataclass(frozen=True)
class Addresses:
    """The URLs of the local servers, as the settings want them."""

    owner_url: str
    application_url: str
    superuser_url: str
    redis_url: str
    broker_url: str


def state_folder() -> Path:
    """Return the folder that holds everything a local portal keeps: `PORTAL_STATE` or `.local`."""
    return Path(os.environ.get("PORTAL_STATE") or REPOSITORY / ".local").expanduser().absolute()


def test_state_folder() -> Path:
    """Return the folder of the tests' own servers, beside those of the portal at work."""
    return state_folder() / "test"


# pytest would take the name for a test's.
test_state_folder.__test__ = False  # type: ignore[attr-defined]


def places(state: Path | None = None) -> Places:
    """Return the places of the local portal whose state is in `state`."""
    folder = state or state_folder()
    sockets = folder / "sockets"
    if len(os.fsencode(sockets)) > _LONGEST_SOCKET_FOLDER:
        digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
        sockets = Path("/tmp") / f"portal-{os.getuid()}-{digest}"  # noqa: S108 (made 0700, owner checked)
    return Places(state=folder, sockets=sockets)


def addresses(
    state: Path | None = None, *, database: str = DATABASE, redis_database: int = 0
) -> Addresses:
    """Return the URLs under which the local servers answer, whether or not they run.

    `redis_database` holds the cache; the broker uses the next one.
    """
    here = places(state)
    host = quote(str(here.sockets))

    def postgres(role: str, name: str) -> str:
        return f"postgresql://{role}@/{quote(name)}?host={host}"

    socket = quote(str(here.redis_socket))
    return Addresses(
        owner_url=postgres(OWNER, database),
        application_url=postgres(APPLICATION, database),
        superuser_url=postgres(SUPERUSER, "postgres"),
        redis_url=f"unix://{socket}?db={redis_database}",
        broker_url=f"redis+socket://{socket}?virtual_host={redis_database + 1}",
    )
