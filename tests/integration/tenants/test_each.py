"""Work in one contract after the other: a fault in one is said, and holds up no other."""

import pytest

from contracts.roster import tasks
from tenants import registry
from tenants.context import require_contract
from tenants.each import ContractsFailedError

pytestmark = pytest.mark.django_db


def test_a_contract_in_which_it_fails_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    slugs = [one.slug for one in registry.list_contracts()]
    seen: list[str] = []

    def watch_leaving(**_: object) -> int:
        seen.append(require_contract().slug)
        if seen[-1] == slugs[0]:
            raise LookupError("a name of somebody")
        return 1

    monkeypatch.setattr(tasks, "watch_leaving", watch_leaving)
    with pytest.raises(ContractsFailedError) as failed:
        tasks.watch()
    assert (failed.value.slugs, seen) == ((slugs[0],), slugs)
    assert f"in {slugs[0]}: LookupError" in caplog.text
    assert "a name of somebody" not in caplog.text
