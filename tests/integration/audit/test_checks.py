"""`manage.py check` says where the trail could be changed, or cut off, and nobody would know."""

import pytest
from django.core.checks import Tags, run_checks
from django.db import connections
from pytest_django.fixtures import Settings

from core.audit.checks import heads_are_kept

pytestmark = pytest.mark.django_db(databases=["default", "owner"])


def found() -> set[str]:
    messages = run_checks(tags=[Tags.database], databases=["default"])
    return {str(one.id) for one in messages if one.id and one.id.startswith("audit.")}


def test_the_applications_own_login_changes_nothing() -> None:
    assert found() == set()


def test_a_deployment_that_works_as_the_owner_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.audit.checks.connections", {"default": connections["owner"]})
    assert found() == {"audit.E001"}


@pytest.mark.parametrize("name", ["AUDIT_HEADS_BUCKET", "AUDIT_HEADS_FOLDER"])
def test_a_deployment_that_keeps_no_heads_is_told(settings: Settings, name: str) -> None:
    assert [one.id for one in heads_are_kept()] == ["audit.W001"]
    setattr(settings, name, "somewhere")
    assert heads_are_kept() == []
