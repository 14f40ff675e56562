"""What an import of a large roster does to the sign-ins that go on meanwhile.

Measured is the password step, with hashes as at work, at a web server of its own; the import runs
in a process of its own, as a worker's. Alone is measured before and after it, so that a machine
that got slower by itself does not count. `ROSTER_ROWS` takes another number of rows.
"""

import statistics
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest
from django.conf import LazySettings

from tenants.context import ActiveContract
from tests.bench.large_roster import ROWS, import_by_worker, write_roster
from tests.support.form_browser import FormBrowser
from tests.support.people import PASSWORD, make_person
from tests.support.timed_server import timed_server

ALONE = 60
PEOPLE = 20
AT_MOST = 1.25
THINKING_SECONDS = 0.05
"""People type between requests; without it the measurement itself would fill a processor."""


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_sign_ins_go_on_while_a_roster_is_imported(
    contract_a: ActiveContract, tmp_path: Path, settings: LazySettings
) -> None:
    settings.PASSWORD_HASHERS = ["core.accounts.passwords.hashers.PortalArgon2Hasher"]
    path = tmp_path / "roster.csv"
    write_roster(path)
    emails = cycle([make_person(f"person{place}").email for place in range(PEOPLE)])
    with timed_server(processes=2, real_hashes=True) as server:
        tries = (_seconds_of_sign_in(server.address, email) for email in emails)
        _take(tries, 10)
        before = _take(tries, ALONE)
        with import_by_worker(path) as worker:
            meanwhile = [next(tries) for _ in iter(worker.poll, 0)]
            assert worker.returncode == 0, worker.communicate()[1][-3000:]
        after = _take(tries, ALONE)
    alone, beside = statistics.median(before + after), statistics.median(meanwhile)
    print(
        f"\n{ROWS:,} rows imported beside {len(meanwhile)} sign-ins: the median of a sign-in"
        f" {1000 * alone:.0f} ms alone, {1000 * beside:.0f} ms meanwhile"
        f" ({beside / alone:.2f} of {AT_MOST})"
    )
    assert beside <= AT_MOST * alone


def _take(tries: Iterator[float], number: int) -> list[float]:
    return [next(tries) for _ in range(number)]


def _seconds_of_sign_in(address: str, email: str) -> float:
    time.sleep(THINKING_SECONDS)
    with FormBrowser(address) as browser:
        assert browser.visit("/login/email/").status_code == 200
        began = time.perf_counter()
        answer = browser.submit("/login/email/", {"email": email, "password": PASSWORD})
        assert answer.status_code == 302, answer.status_code
    return time.perf_counter() - began
