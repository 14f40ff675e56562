"""The API answers as its OpenAPI document says, whatever it is sent (schemathesis).

Each call gets requests that fit and requests that do not; every answer must have a status, type,
headers and body that the document knows, and never be a failure of ours.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.config import SchemathesisConfig

from contracts.api import limits
from contracts.api.views import api_document
from core.staff.models import StaffRole
from core.staff.services.members import grant_role
from tests.support.api import Caller, caller, caller_for
from tests.support.people import START

EXAMPLES = 15
_NO_SUCH_TEXT = {"allow-x00": False, "codec": "utf-8"}
CONFIG = SchemathesisConfig.from_dict(
    {
        "generation": _NO_SUCH_TEXT,
        "checks": {
            # Schema and sense are two things: a cursor of another query, a document with gates
            "positive_data_acceptance": {
                "expected-statuses": ["2xx", 401, 403, 404, 409, 412, 422]
            },
        },
    }
)
schema = schemathesis.openapi.from_dict(api_document(), config=CONFIG)
schema.app = get_wsgi_application()


@schema.hook
def map_path_parameters(_context: Any, path_parameters: dict[str, Any] | None) -> Any:
    """Name a contract that there is in half of the calls."""
    if path_parameters and len(str(path_parameters.get("slug", ""))) % 2:
        return {**path_parameters, "slug": "wv-bh"}
    return path_parameters


@pytest.fixture
def _one_connection() -> Iterator[None]:
    """Keep the test's connection between calls, as Django's own test client does."""
    ends = (request_started, request_finished)
    for one in ends:
        one.disconnect(close_old_connections)
    yield
    for one in ends:
        one.connect(close_old_connections)


@pytest.fixture
def everybody(db: None, _one_connection: None, monkeypatch: pytest.MonkeyPatch) -> Caller:
    """Return a caller with every right of the API, and no limit."""
    monkeypatch.setattr(limits, "CALLS_A_MINUTE", 1_000_000)
    monkeypatch.setattr(limits, "REFUSED_A_MINUTE", 1_000_000)
    user = caller().user
    for role in (StaffRole.AUDITOR, StaffRole.HELP_DESK):
        grant_role(user_id=user.pk, role=role, contract_id=None, by=None, at=START)
    user.refresh_from_db()
    return caller_for(user)


@pytest.mark.slow
@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,  # what fails here fails everywhere
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
def test_each_call_answers_as_its_document_says(case: Case[Any], everybody: Caller) -> None:
    case.call_and_validate(
        base_url="http://testserver", headers={"Authorization": f"Bearer {everybody.token}"}
    )
