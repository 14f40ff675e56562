"""How soon people see what staff do: a new contract, and one that is rolled back."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from django.conf import settings
from django.test import Client

from core.staff.models import StaffRole
from tenants.configuration.exporting import to_toml
from tenants.context import ActiveContract
from tests.support.form_browser import FormBrowser
from tests.support.publishing import publish_change
from tests.support.sign_in import sign_in_directly
from tests.support.staff import make_staff
from tests.support.timed_server import timed_server
from tests.unit.configuration.documents import changed

ROOT = Path(__file__).resolve().parent.parent.parent
CREATED_WITHIN, ROLLED_BACK_WITHIN = 10.0, 5.0
PROCESSES, IN_A_ROW = 2, 12
"""So many answers after another show that each of the processes knows it."""
TIMES = 5
DATABASES = ["default", "owner"]


@pytest.mark.django_db(transaction=True, databases=DATABASES)
def test_a_new_contracts_sign_in_page_answers(contract_a: ActiveContract, tmp_path: Path) -> None:
    """From `contract create`, the start of its process included."""
    with timed_server(processes=PROCESSES, real_hashes=False) as server:
        taken = []
        for number in range(TIMES):
            file = tmp_path / f"new-{number}.toml"
            new = changed(contract_a.document, contract__slug=f"new-{number}", hosts={})
            file.write_text(to_toml(new))
            assert requests.get(f"{server.address}/new-{number}/", timeout=20).status_code == 404
            began = time.perf_counter()
            _create(file)
            _until_seen(partial(_answers, f"{server.address}/new-{number}/"))
            taken.append(time.perf_counter() - began)
    _report("contract create, to its sign-in page in every process", taken, CREATED_WITHIN)
    assert statistics.median(taken) < CREATED_WITHIN


@pytest.mark.django_db(transaction=True, databases=DATABASES)
def test_what_is_rolled_back_is_seen(contract_a: ActiveContract) -> None:
    """From the click on *Roll back* until no process shows the newer document any more."""
    with timed_server(processes=PROCESSES, real_hashes=False) as server:
        browser = FormBrowser(server.address)
        _sign_in_operator(browser, server.address)
        taken = []
        for number in range(TIMES):
            name = f"Newer name {number}"
            publish_change(contract_a.slug, brand__product=name)
            page = f"{server.address}/{contract_a.slug}/"
            _until_seen(partial(_shows, page, name))
            path = f"/staff/contracts/{contract_a.slug}/revisions/1/rollback/"
            found = browser.visit(path)
            assert found.status_code == 200, found.headers["Location"]
            began = time.perf_counter()
            answer = browser.submit(path, {"reason": "As it was"})
            assert answer.status_code == 302, answer.text
            _until_seen(partial(_is_without, page, name))
            taken.append(time.perf_counter() - began)
    _report("from the click on Roll back until every process shows it", taken, ROLLED_BACK_WITHIN)
    assert statistics.median(taken) < ROLLED_BACK_WITHIN


def _create(file: Path) -> None:
    subprocess.run(
        [sys.executable, "manage.py", "contract", "create", str(file)],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test"},
        stdout=subprocess.DEVNULL,
        check=True,
    )


def _sign_in_operator(browser: FormBrowser, address: str) -> None:
    client, name = Client(), settings.SESSION_COOKIE_NAME
    host = urlsplit(address).netloc
    sign_in_directly(client, make_staff(StaffRole.OPERATOR), option="phone", host=host)
    browser.cookies.set(name, client.cookies[name].value)


def _answers(address: str) -> bool:
    return requests.get(address, timeout=20).status_code == 200


def _shows(address: str, name: str) -> bool:
    return name in requests.get(address, timeout=20).text


def _is_without(address: str, name: str) -> bool:
    return not _shows(address, name)


def _until_seen(condition: Callable[[], bool]) -> None:
    """Ask until so many answers after another are right, each over a connection of its own."""
    right, deadline = 0, time.monotonic() + 60
    while right < IN_A_ROW:
        assert time.monotonic() < deadline, "it is never seen"
        right = right + 1 if condition() else 0


def _report(what: str, taken: list[float], limit: float) -> None:
    print(
        f"\n{what}: {statistics.median(taken):.2f} s at the median, {max(taken):.2f} s at most"
        f" (of {limit:.0f} s)"
    )
