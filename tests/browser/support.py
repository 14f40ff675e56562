"""What a person does in the portal, as the browser tests say it."""

import itertools
import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Page

from tests.browser.axe import violations_on
from tests.browser.commands import Commands
from tests.support.idp import SECRET, SECRET_VARIABLE

ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "Quiet-Harbor-Lantern-27"


def environment_of(state: Path, port: int) -> dict[str, str]:
    """Return the environment of a portal that keeps its data in a folder."""
    # The tests' own settings are not the portal's.
    kept = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return {
        **kept,
        "PORTAL_STATE": str(state),
        "PORT": str(port),
        # For the identity provider that a test connects (tests/support/idp.py).
        SECRET_VARIABLE: SECRET,
    }


@dataclass(frozen=True)
class Portal:
    """The running portal."""

    port: int
    process: "subprocess.Popen[bytes]"
    log: Path
    commands: Commands
    handed_out: set[str] = field(default_factory=set)

    def url(self, path: str = "/", host: str = "localhost") -> str:
        """Return the address of a page."""
        return f"http://{host}:{self.port}{path}"

    def manage(self, *arguments: str) -> str:
        """Run a management command beside the portal, as an operator would; return what it says."""
        return self.commands.run(*arguments)

    def answers(self) -> bool:
        """Say whether the portal is ready."""
        if self.process.poll() is not None:
            raise AssertionError(f"The portal ended:\n{self.log.read_text()[-4000:]}")
        try:
            with urllib.request.urlopen(self.url("/readyz"), timeout=5) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def messages(self, to: str) -> list[dict[str, Any]]:
        """Return what the local mailbox holds for an address or number, newest first."""
        with urllib.request.urlopen(self.url(f"/outbox.json?to={quote(to)}"), timeout=5) as answer:
            found: list[dict[str, Any]] = json.loads(answer.read())
        return found

    def wait_for_message(self, to: str, *, field: str, after: int = 0) -> dict[str, Any]:
        """Return the newest message with a value in `field`, once more than `after` have it.

        Each is handed out once, and what came before it no longer: a code that was typed before
        is never taken for the one that is on its way.
        """
        return self._wait(
            to, lambda message: bool(message[field]), after, f"message with a {field}"
        )

    def wait_for_call(self, to: str) -> dict[str, Any]:
        """Return the newest call to a number that was not handed out yet, once there is one."""
        return self._wait(to, lambda message: message["channel"] == "voice", 0, "call")

    def _wait(
        self, to: str, wanted: Callable[[dict[str, Any]], bool], after: int, what: str
    ) -> dict[str, Any]:
        end = time.monotonic() + 15
        while time.monotonic() < end:
            found = [message for message in self.messages(to) if wanted(message)]
            if len(found) > after and found[0]["id"] not in self.handed_out:
                self.handed_out.update(message["id"] for message in found)
                return found[0]
            time.sleep(0.1)
        raise AssertionError(f"No {what} for {to} arrived.")

    def press(self, message_id: str, digits: str) -> bool:
        """Answer a ringing call and press keys."""
        request = urllib.request.Request(
            self.url(f"/outbox/{message_id}/keys"),
            data=json.dumps({"digits": digits}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            return bool(json.loads(answer.read())["accepted"])


# Two people share no number by accident: its codes and its limits are one person's.
_numbers = itertools.count()


@dataclass(frozen=True)
class Registrant:
    """A person who registers a provider."""

    username: str
    email: str
    first_name: str = "Dana"
    last_name: str = "Reed"
    phone: str = field(default_factory=lambda: f"30455501{next(_numbers):02}")
    fax: str = "3045550143"


@contextmanager
def virtual_authenticator(page: Page) -> Iterator[None]:
    """Give the browser an authenticator of the platform's kind, which verifies its person."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    yield
    session.detach()


def check_accessibility(page: Page, *, layout_only: bool = False) -> None:
    """Fail when axe finds a violation of WCAG 2.2 A or AA on the page, or in its layout."""
    found = violations_on(page, layout_only=layout_only)
    assert found == [], f"{page.url}: {found}"
