"""A fault of ours at the check of one host: the others are asked and kept all the same."""

from datetime import datetime

import pytest

from contracts.console.hosts.probing import Found
from contracts.console.hosts.targets import HostTarget, list_targets
from contracts.console.models import HostCheck
from contracts.console.services.host_checks import (
    HostChecksFailedError,
    check_hosts,
    keep_finding,
)
from core.common.probing.asking import Answer
from tests.integration.console.test_host_checks import Says, _in_production

pytestmark = pytest.mark.django_db
__all__ = ["_in_production"]


@pytest.mark.parametrize("fault", ["asking", "keeping"])
def test_a_fault_at_one_host_loses_nothing_of_the_others(
    fault: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    targets = list_targets()
    first, *others = (one.host for one in targets)

    class Breaks(Says):
        def ask(self, host: str, path: str) -> Answer:
            if fault == "asking" and host == first:
                raise RuntimeError(path)
            return super().ask(host, path)

    def breaks(target: HostTarget, found: Found, *, at: datetime) -> HostCheck:
        if fault == "keeping" and target.host == first:
            raise RuntimeError(first)
        return keep_finding(target, found, at=at)

    monkeypatch.setattr("contracts.console.services.host_checks.keep_finding", breaks)
    with pytest.raises(HostChecksFailedError) as failed:
        check_hosts(targets, prober=Breaks())
    assert failed.value.hosts == (first,)
    assert set(HostCheck.objects.values_list("host", flat=True)) == set(others)
    assert f"host {first}: not checked: RuntimeError" in caplog.text
