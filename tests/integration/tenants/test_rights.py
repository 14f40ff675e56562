"""What the application's login may do, and what no login may."""

from uuid import UUID

import pytest
from django.apps import apps
from django.db import Error, ProgrammingError, connection, connections, transaction
from django.utils import timezone

from core.accounts.models import User
from core.audit.models import AuditEvent
from core.audit.recording import record
from tenants import registry
from tenants.context import contract_context
from tenants.database_router import contract_labels
from tenants.identity.models import SchemaIdentity
from tenants.models import ContractRevision, DeploymentRevision, RegistryEpoch
from tenants.rights import EVERYTHING, application_role, grant_statements
from tests.support.naive import must_fail
from tests.support.people import make_person

BOTH = pytest.mark.django_db(databases=["default", "owner"])


def rights_on(table: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM unnest(%s::text[]) name WHERE has_table_privilege(%s, name)",
            [[*EVERYTHING, "TRUNCATE", "TRIGGER", "REFERENCES"], table],
        )
        return {row[0] for row in cursor.fetchall()}


@pytest.mark.django_db
def test_the_application_has_on_each_table_what_its_model_allows() -> None:
    contract = registry.get_contract("wv-bh")
    for model in apps.get_models(include_auto_created=True):
        scope = contract if model._meta.app_label in contract_labels() else None
        allowed = set(getattr(model, "application_may", EVERYTHING))
        with contract_context(scope):
            assert rights_on(model._meta.db_table) == allowed, model


@pytest.mark.django_db
@pytest.mark.parametrize("slug", ["", "wv-bh"])
def test_the_application_cannot_rewrite_the_record_of_migrations(slug: str) -> None:
    with contract_context(registry.get_contract(slug) if slug else None):
        assert rights_on("django_migrations") == {"SELECT"}


@pytest.mark.django_db
def test_history_is_append_only_for_the_application() -> None:
    for model in (AuditEvent, ContractRevision, DeploymentRevision):
        assert rights_on(model._meta.db_table) == {"SELECT", "INSERT"}
    assert rights_on(RegistryEpoch._meta.db_table) == {"SELECT", "UPDATE"}
    with contract_context(registry.get_contract("wv-bh")):
        assert rights_on(SchemaIdentity._meta.db_table) == {"SELECT"}


@pytest.mark.django_db
def test_the_application_cannot_delete_an_account() -> None:
    user = make_person("dana")
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        _run("default", "DELETE FROM core_accounts_user WHERE id = %s", user.pk)
    assert User.objects.filter(pk=user.pk).update(first_name="D") == 1


@pytest.mark.django_db
def test_the_application_cannot_change_an_audit_event() -> None:
    event = record("probe.written")
    changing_events_is_refused()
    assert AuditEvent.objects.get(pk=event.pk).result == "ok"


def changing_events_is_refused() -> None:
    """By the login's rights, which say so without any event: what follows them is a trigger."""
    for change in (
        "UPDATE core_audit_auditevent SET result = 'x' WHERE false",
        "DELETE FROM core_audit_auditevent WHERE false",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            _run("default", change)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_rights_as_on_any_table_would_let_it() -> None:
    """The naive way: the application writes its own tables, and this is one of them."""
    for statement in grant_statements([], tables=()):
        _run("owner", statement.format(schema="public", role=application_role()))
    with must_fail(where="with pytest.raises(ProgrammingError"):
        changing_events_is_refused()


def _run(using: str, statement: str, *parameters: UUID) -> None:
    with connections[using].cursor() as cursor:
        cursor.execute(statement, parameters or None)


@BOTH
@pytest.mark.parametrize("table", ["tenants_contractrevision", "tenants_deploymentrevision"])
def test_not_even_the_owner_changes_a_published_document(table: str) -> None:
    for change in (f"UPDATE {table} SET note = 'x'", f"DELETE FROM {table}"):
        with pytest.raises(Error, match="never changed"), transaction.atomic(using="owner"):
            _run("owner", change)


@BOTH
def test_not_even_the_owner_changes_an_audit_event() -> None:
    event = AuditEvent(
        at=timezone.now(),
        event_type="probe.written",
        result="ok",
        transaction_id=1,
        key_version=1,
        mac=b"m",
    )
    event.save(using="owner")
    where = "WHERE id = %s"
    for change in (
        f"UPDATE core_audit_auditevent SET result = 'x' {where}",
        f"UPDATE core_audit_auditevent SET mac = 'x' {where}",
        f"DELETE FROM core_audit_auditevent {where}",
    ):
        with pytest.raises(Error, match="never changed"), transaction.atomic(using="owner"):
            _run("owner", change, event.pk)
