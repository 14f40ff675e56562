"""The same file twice at one moment."""

from pathlib import Path

import pytest

from contracts.legacy.services.imports import ImportReport, import_users
from core.accounts.models import User
from core.common import clock
from core.groups.models import Membership, Provider, ProviderGroup
from tests.integration.legacy.files import ONE, TWO, lena, person, write
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_imports_of_one_file_at_once_make_everybody_once(tmp_path: Path) -> None:
    rows = [lena(identifier=number) for number in (ONE, TWO)]
    rows += [person(f"user{number}", role="staff") for number in range(20)]
    path = write(tmp_path, *rows)

    def bring(_place: int) -> ImportReport:
        return import_users(path=path, by=None, at=clock.now())

    reports = at_once(3, bring)
    assert sorted(report.accounts for report in reports) == [0, 0, 21]
    assert all(report.applied for report in reports)
    assert User.objects.count() == 21
    assert (Provider.objects.count(), ProviderGroup.objects.count()) == (2, 1)
    assert Membership.objects.count() == 21
