"""One registrant, and a browser at its first page."""

import pytest

from core.mfa.registering import sources
from tenants.context import ActiveContract
from tests.integration.mfa.registering.waiting import Browser, Waiting


@pytest.fixture
def source(contract_a: ActiveContract, monkeypatch: pytest.MonkeyPatch) -> Waiting:
    waiting = Waiting(contract_a)
    monkeypatch.setitem(sources._sources, "waiting", waiting)
    return waiting


@pytest.fixture
def browser(source: Waiting) -> Browser:
    return Browser(source)
