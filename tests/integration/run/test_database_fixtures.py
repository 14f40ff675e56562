"""The tests' own database: the application's login, contracts that are there, and a clean start."""

import pytest
from django.conf import settings
from django.db import connection, connections, transaction

from contracts.roster.models import RosterEntry
from core.audit.models import AuditEvent
from tenants.context import ActiveContract, contract_context
from tenants.models import Contract
from tests.support import database


@pytest.mark.django_db
def test_tests_log_in_as_the_application() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_database()")
        assert cursor.fetchone() == ("portal_app", settings.TEST_DATABASE)


@pytest.mark.django_db(databases=["default", "owner"])
def test_the_owner_logs_in_apart() -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("portal_owner",)


def test_the_sample_contracts_have_schemas_and_rosters(
    contract_a: ActiveContract, contract_b: ActiveContract, contract_c: ActiveContract
) -> None:
    assert len({contract.schema_name for contract in (contract_a, contract_b, contract_c)}) == 3
    for contract in (contract_a, contract_b, contract_c):
        with contract_context(contract):
            assert RosterEntry.objects.count() >= 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_attempt", [1, 2])
def test_a_test_that_commits_leaves_nothing_to_the_next(_attempt: int) -> None:
    with transaction.atomic():
        changed = Contract.objects.filter(slug="wv-bh", name="Committed").count()
        Contract.objects.filter(slug="wv-bh").update(name="Committed")
    assert changed == 0
    assert Contract.objects.filter(name="Committed").exists()
    assert AuditEvent.objects.exists()


def test_the_template_follows_what_it_is_made_from(monkeypatch: pytest.MonkeyPatch) -> None:
    before = database.template_digest()
    assert database.template_digest() == before
    monkeypatch.setattr(database, "_MADE_FROM", ("Pipfile.lock",))
    assert database.template_digest() != before
