"""What making a contract costs: ours beside stock migrations on save, in one run.

Ours does more: schema, identity row, rights, configuration document with its gates, host, audit
event. Stock makes the same tables by migrations, and a host.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections

from core.common.clock import now
from tenants.configuration.document import ContractDocument
from tenants.configuration.publishing import publish_contract
from tenants.context import ActiveContract
from tests.integration.tenants.catalogues import migration_rows

ROOT = Path(__file__).resolve().parents[2]
COUNT = 8
AT_MOST = 1 / 8


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_contract_is_provisioned_in_an_eighth_of_the_stock_time(
    contract_a: ActiveContract, capsys: pytest.CaptureFixture[str]
) -> None:
    first, *ours = [_publish(contract_a.document, number) for number in range(COUNT + 1)]
    theirs = _stock(COUNT)
    ratio = statistics.median(ours) / statistics.median(theirs)
    with capsys.disabled():
        print(
            f"\nProvisioning a contract: ours {statistics.median(ours) * 1000:.0f} ms"
            f" (the first one, which makes the template, {first * 1000:.0f} ms),"
            f" stock {statistics.median(theirs) * 1000:.0f} ms: 1/{1 / ratio:.1f}"
        )
    app_tables = {row for row in migration_rows("t_stock_0") if row[0] == "contracts_roster"}
    assert app_tables <= migration_rows("t_bench_1")
    assert ratio <= AT_MOST


def _publish(document: ContractDocument, number: int) -> float:
    slug = f"bench-{number}"
    section = document.contract.model_copy(update={"slug": slug, "name": slug})
    hosts = document.hosts.model_copy(update={"primary": f"{slug}.example.org"})
    copy = document.model_copy(update={"contract": section, "hosts": hosts})
    began = time.perf_counter()
    publish_contract(document=copy, base=None, by=None, at=now())
    return time.perf_counter() - began


def _stock(count: int) -> list[float]:
    owner = connections["owner"].settings_dict
    url = f"postgresql://{owner['USER']}@/{owner['NAME']}?host={owner['HOST']}"
    run = subprocess.run(
        [sys.executable, "-m", "tests.bench.stock_provisioning", str(count)],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
            "PORTAL_TEST_DATABASE": settings.TEST_DATABASE,
            "STOCK_DATABASE_URL": url,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    times: list[float] = json.loads(run.stdout)
    return times
