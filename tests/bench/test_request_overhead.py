"""What tenancy costs a request: ours beside stock django-tenants, in one run.

A request here is: find the contract by its host, switch to it, make three queries, switch back.
"""

import statistics
import time
from collections.abc import Callable
from copy import deepcopy

import pytest
from django.db import connection, connections
from django_tenants.postgresql_backend.base import DatabaseWrapper as StockWrapper
from django_tenants.utils import get_tenant_domain_model

from tenants import registry
from tenants.context import ActiveContract, contract_context

ROUNDS = 15
REQUESTS = 60
QUERIES = 3


def seconds_per_request(request: Callable[[], None]) -> float:
    """Return the median over rounds of the mean time of one request."""
    request()
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(REQUESTS):
            request()
        times.append((time.perf_counter() - began) / REQUESTS)
    return statistics.median(times)


@pytest.mark.django_db(transaction=True)
def test_a_request_costs_less_than_stock(contract_c: ActiveContract) -> None:
    host = contract_c.document.hosts.primary
    assert host is not None

    def ours() -> None:
        match = registry.find_by_host(host)
        assert match is not None
        with contract_context(match.contract), connection.cursor() as cursor:
            for _ in range(QUERIES):
                cursor.execute("SELECT 1")

    stock = StockWrapper(deepcopy(connections["default"].settings_dict), "stock")

    def theirs() -> None:
        stock.set_schema_to_public()
        with stock.cursor() as cursor:
            domains = get_tenant_domain_model()._meta.db_table
            cursor.execute(f"SELECT tenant_id FROM {domains} WHERE domain = %s", [host])
        stock.set_schema(contract_c.schema_name)
        for _ in range(QUERIES):
            with stock.cursor() as cursor:
                cursor.execute("SELECT 1")

    try:
        our_time, stock_time = seconds_per_request(ours), seconds_per_request(theirs)
    finally:
        stock.close()
    ratio = our_time / stock_time
    print(
        f"\nrequest with {QUERIES} queries: ours {our_time * 1e6:.0f} µs, "
        f"stock {stock_time * 1e6:.0f} µs, ratio {ratio:.2f}"
    )
    assert ratio < 1
