"""A running portal and a real browser.

The portal is the one that `make run` starts, with its worker and beat, on a port and in a state
folder of its own, so these tests also prove that starting it works.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from config.run.browser import ensure_browser
from tests.browser.commands import commands
from tests.browser.support import ROOT, Portal, environment_of
from tests.support.processes import free_port, wait_for

PATIENCE = 15_000  # milliseconds: other tests and checks work on the same machine meanwhile
expect.set_options(timeout=PATIENCE)

# Chromium looks up its maker's hosts at every start unless it is told not to.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A list that has the focus is scrolled to with a motion that goes on below the next key.
    "--disable-smooth-scrolling",
]


# Of the package, not of the session: Playwright's event loop must have left the process before
# other tests ask the database for something.
@pytest.fixture(scope="package")
def portal() -> Iterator[Portal]:
    """Start the whole portal once for all browser tests."""
    state = Path(tempfile.mkdtemp(prefix="portal-browser-"))
    port = free_port()
    log = state / "portal.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "config.run", "--with-parent"],
            cwd=ROOT,
            env=environment_of(state, port),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        with commands(environment_of(state, port)) as beside:
            running = Portal(port=port, process=process, log=log, commands=beside)
            wait_for(running.answers, seconds=120, what=f"the portal to answer, see {log}")
            yield running
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(state, ignore_errors=True)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Start Chromium once."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=ensure_browser(), args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Return an empty browser profile that fails on any script error."""
    made = browser.new_context(viewport={"width": 1280, "height": 900})
    made.set_default_timeout(PATIENCE)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Return a page; the test fails when a script on it failed or the content policy refused."""
    problems: list[str] = []
    opened = context.new_page()
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on(
        "console",
        lambda message: (
            problems.append(message.text) if "Content Security Policy" in message.text else None
        ),
    )
    yield opened
    assert problems == []
