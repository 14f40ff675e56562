"""Somebody on their way through a real portal, parts of which are killed under their hands."""

import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
import requests

from config import embedded
from tests.integration.registration.journeys import CLAIMS, person
from tests.support.form_browser import FormBrowser
from tests.support.processes import processes_of, wait_for

PATIENCE_SECONDS = 120
"""Only ever waited for in full by a test that fails."""
PARTS = {
    "web": r"gunicorn config\.wsgi",
    "worker": r"celery .* worker ",
    "redis": r"redis-server",
    "postgres": r"/postgres -D ",
}
SLUG = "wv-bh"
EMAIL, PHONE = "dana.reed@clinic.example.org", "+13045550123"
FIRST, SECOND = "Copper-harbor 93 Maples", "Quiet-Harbor-Lantern-27"
_WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
_TALLY = """
WITH dana AS (SELECT id FROM core_accounts_user WHERE username = 'dreed')
SELECT 'accounts', count(*) FROM dana
UNION ALL SELECT 'providers', count(*) FROM core_groups_provider, dana WHERE registered_by = dana.id
UNION ALL SELECT 'roles', count(*) FROM core_groups_membership, dana WHERE user_id = dana.id
UNION ALL SELECT kind, count(*) FROM core_notifications_outboxmessage GROUP BY kind
"""


ONCE = {
    "accounts": 1,
    "providers": 1,
    "roles": 1,
    "registration_link": 1,
    "one_time_code_email": 1,
    "registration_completed_notice": 1,
    "password_reset_code": 1,
    "password_changed": 1,
    # At registration, the one that was lost, the one asked for in its place, and at the reset.
    "one_time_code_sms": 4,
}


@dataclass(frozen=True)
class Portal:
    """The running portal: its port and the folder of its data."""

    port: int
    state: Path

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    def kill(self, *parts: str) -> None:
        """End parts without a word, with all their processes; whoever keeps them starts others."""
        groups = [os.getpgid(self._process_of(part)) for part in parts]
        for group in groups:
            os.killpg(group, signal.SIGKILL)

    def _process_of(self, part: str) -> int:
        """Return the process of a part that started its others, once it runs."""
        found: list[int] = []

        def look() -> bool:
            names = processes_of(self.state)
            ours = {pid for pid, name in names.items() if re.search(PARTS[part], name)}
            found[:] = [pid for pid in ours if _parent_of(pid) not in {*ours, None}]
            return bool(found)

        wait_for(look, seconds=PATIENCE_SECONDS, what=f"{part} runs")
        return found[0]

    @contextmanager
    def rows(self, *, as_superuser: bool = False) -> Iterator[psycopg.Connection]:
        """Connect to the database, once it takes connections."""
        urls, made = embedded.addresses(self.state), list[psycopg.Connection]()

        def connect() -> bool:
            with suppress(psycopg.OperationalError):
                url = urls.superuser_url if as_superuser else urls.owner_url
                made.append(psycopg.connect(url, autocommit=True))
            return bool(made)

        wait_for(connect, seconds=PATIENCE_SECONDS, what="the database answers")
        try:
            yield made[0]
        finally:
            made[0].close()

    @contextmanager
    def holding_deliveries(self) -> Iterator[None]:
        """Have workers wait in the middle of what they hand over, until the database ends."""
        with self.rows() as session:
            session.execute("BEGIN")
            session.execute("LOCK TABLE core_notifications_localmessage IN EXCLUSIVE MODE")
            yield

    def lose_what_is_in_hand(self) -> None:
        """End the worker that waits, its session, and the database with them."""
        with self.rows(as_superuser=True) as session:

            def waits() -> bool:
                return session.execute(_WAITING).rowcount > 0

            wait_for(waits, seconds=PATIENCE_SECONDS, what="a worker has a message in hand")
            self.kill("worker")
            session.execute(f"SELECT pg_terminate_backend(pid) FROM ({_WAITING}) AS waiting")
        self.kill("postgres")

    def let_a_minute_pass(self) -> None:
        """Do as if the wait before the next code had gone by."""
        with self.rows() as session:
            session.execute(
                "UPDATE core_mfa_challenge SET requested_at = requested_at - interval '1 minute'"
            )

    def tally(self) -> dict[str, int]:
        """Count what the journeys made, and the messages that they asked for."""
        with self.rows() as session:
            return dict(session.execute(_TALLY).fetchall())


class Person(FormBrowser):
    """Presses again when the portal says so, as its page asks."""

    def __init__(self, portal: Portal) -> None:
        super().__init__(portal.address)
        self.portal = portal

    def request(self, *given: Any, **named: Any) -> requests.Response:
        """Send a request until it is answered by more than "try again in a minute"."""
        answers: list[requests.Response] = []

        def ask() -> bool:
            with suppress(requests.ConnectionError):
                answers[:] = [super(Person, self).request(*given, **named)]
                if answers[0].status_code != requests.codes.unavailable:
                    return True
            time.sleep(0.5)
            return False

        wait_for(ask, seconds=PATIENCE_SECONDS, what=f"an answer to {given}")
        return answers[0]

    def fill(self, path: str, **data: str) -> str:
        """Go to a page, send its form, and return where it leads."""
        path = f"/{SLUG}{path}"
        shown = self.visit(path)
        assert shown.status_code == requests.codes.ok, (path, shown.headers.get("Location"))
        answer = self.submit(path, data)
        assert answer.status_code == requests.codes.found, (path, answer.text)
        return urlsplit(answer.headers["Location"]).path.removeprefix(f"/{SLUG}")

    def messages(self, to: str, field: str = "code") -> list[str]:
        """Return the codes or links that have come, the newest first."""
        found = self.get(f"{self.portal.address}/outbox.json?to={quote(to)}", timeout=60).json()
        return [message[field] for message in found if message[field]]

    def newest(self, to: str, *, number: int = 1, field: str = "code") -> str:
        """Return the code or link that came last, once there are so many, and look for no more."""
        found: list[str] = []

        def came() -> bool:
            found[:] = self.messages(to, field)
            return len(found) >= number

        wait_for(came, seconds=PATIENCE_SECONDS, what=f"{field} number {number} to {to}")
        assert len(found) == number, found
        return found[0]


def _parent_of(pid: int) -> int | None:
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return None


def register(dana: Person) -> None:
    """Register a provider, and with it an account with a phone; each part ends once."""
    kill = dana.portal.kill
    path = dana.fill("/register/", **CLAIMS[SLUG]).removesuffix("provider/")
    kill("web")
    assert dana.fill(f"{path}information/", **person(email=EMAIL)) == f"{path}terms/"
    kill("redis", "worker")
    assert dana.fill(f"{path}terms/", accepted="on") == f"{path}confirmation/"
    link = urlsplit(dana.newest(EMAIL, field="link")).path.removeprefix(f"/{SLUG}")
    kill("postgres")
    assert dana.fill(link) == "/mfa/method/"
    assert dana.fill("/mfa/method/", method="phone") == "/mfa/email/"
    dana.fill("/mfa/email/", action="send", email=EMAIL)
    code = dana.newest(EMAIL)
    assert dana.fill("/mfa/email/", action="verify", code=code) == "/mfa/password/"
    assert dana.fill("/mfa/password/", password=FIRST, confirmation=FIRST) == "/mfa/phone/"
    path = dana.fill("/mfa/phone/", country="1", phone=PHONE[2:], channel="sms")
    assert dana.fill(path, action="verify", code=dana.newest(PHONE)) == "/home/"


def sign_in(dana: Person) -> None:
    """Sign in by phone; the first code is lost with the worker that has it in hand."""
    path = dana.fill("/login/phone/", email=EMAIL, password=FIRST)
    dana.portal.kill("web")
    with dana.portal.holding_deliveries():
        dana.fill(path, action="send", channel="sms")
        dana.portal.lose_what_is_in_hand()
    dana.portal.let_a_minute_pass()
    dana.fill(path, action="send", channel="sms")
    assert dana.fill(path, action="verify", code=dana.newest(PHONE, number=2)) == "/home/"


def choose_a_new_password(dana: Person) -> None:
    """Forget the password, prove mail and phone, and set another; everything ends at once."""
    path = dana.fill("/forgot-password/", email=EMAIL)
    dana.fill(path, action="verify", code=dana.newest(EMAIL, number=2))
    dana.portal.kill(*PARTS)
    path = "/forgot-password/verify/"
    dana.fill(path, action="send", channel="sms")
    path = dana.fill(path, action="verify", code=dana.newest(PHONE, number=3))
    assert dana.fill(path, password=SECOND, confirmation=SECOND) == "/home/"
