"""A client made from the OpenAPI document by a kept generator does a state's whole work.

Everything goes over HTTP to a running server: what the document says is all that the client knows.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest
from pytest_django.live_server_helper import LiveServer

from contracts.api.views import api_document
from core.staff.models import StaffRole
from core.staff.services.members import grant_role
from tenants.configuration.revisions import to_json
from tests.support.api import caller, caller_for
from tests.support.people import START
from tests.support.processes import wait_for
from tests.unit.configuration.documents import ROOT, changed, sample

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(databases=["default", "owner"], transaction=True),
]
SLUG = "from-a-client"
ROSTER = ROOT / "contracts" / "programs" / "rosters" / "wv-bh.csv"


@pytest.fixture(scope="session")
def _generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Generate the client's package and make it importable; returns its name."""
    folder, name = tmp_path_factory.mktemp("client"), "generated_portal_client"
    (folder / "openapi.json").write_text(json.dumps(api_document()))
    (folder / "config.yml").write_text("post_hooks: []\n")
    generator = Path(sys.executable).parent / "openapi-python-client"
    asked = ("generate", "--path", "openapi.json", "--meta", "none", "--config", "config.yml")
    done = subprocess.run(
        [str(generator), *asked, "--output-path", name, "--fail-on-warning"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    yield name
    sys.path.remove(str(folder))


class Portal:
    """The generated client, and a token."""

    def __init__(self, package: str, address: str, token: str) -> None:
        self._package = package
        self._client = self._module("client").AuthenticatedClient(base_url=address, token=token)

    def _module(self, name: str) -> ModuleType:
        return __import__(f"{self._package}.{name}", fromlist=["_"])

    def close(self) -> None:
        self._client.get_httpx_client().close()

    def shape(self, name: str, values: dict[str, Any]) -> Any:
        return getattr(self._module("models"), name).from_dict(values)

    def file(self, content: bytes) -> Any:
        return self._module("types").File(payload=BytesIO(content))

    def call(self, tag: str, name: str, *parts: Any, **given: Any) -> Any:
        """Call an operation; returns what it parsed, which must be no problem."""
        found = self._module(f"api.{tag}.{name}").sync(*parts, client=self._client, **given)
        assert found is not None
        assert type(found).__name__ != "ProblemDetails", found
        return found


@pytest.fixture
def portal(_generated: str, live_server: LiveServer) -> Iterator[Portal]:
    user = caller(StaffRole.OPERATOR).user
    grant_role(user_id=user.pk, role=StaffRole.AUDITOR, contract_id=None, by=None, at=START)
    user.refresh_from_db()
    made = Portal(_generated, live_server.url, caller_for(user).token)
    yield made
    made.close()


def test_a_client_provisions_a_contract_loads_its_roster_and_reads_the_audit(
    portal: Portal,
) -> None:
    document = to_json(changed(sample(), contract__slug=SLUG, contract__name="From a client"))
    planned = portal.call(
        "configuration",
        "plan_configuration",
        body=portal.shape("PlanWanted", {"document": document}),
    )
    assert (planned.is_new, planned.closed_gates) == (True, [])
    wanted = portal.shape("PublicationWanted", {"document": document, "reason": "Ticket 12"})
    made = portal.call("contracts", "create_contract", body=wanted, idempotency_key=str(uuid4()))

    def published() -> bool:
        found = portal.call("configuration", "read_publication", SLUG, made.id)
        assert found.outcome == "", found
        return bool(found.state.value == "published")

    wait_for(published, seconds=60, what="the contract to be published")
    assert portal.call("contracts", "read_contract", SLUG).state.value == "ready"
    load_roster(portal, ROSTER.read_bytes())
    entries = portal.call("roster", "list_entries", SLUG, limit=200).items
    assert len(entries) == 200
    found = portal.call("audit", "list_events", contract=SLUG, what="roster").items
    assert "roster.imported" in {event.event_type for event in found}


def load_roster(portal: Portal, content: bytes) -> None:
    """Send a roster file in two chunks, look at what it would change, and swap it in."""
    wanted = portal.shape("UploadWanted", {"file_name": "roster.csv", "size": len(content)})
    upload = portal.call("roster", "begin_upload", SLUG, body=wanted, idempotency_key=str(uuid4()))
    while upload.offset is not None:
        chunk = portal.file(content[upload.offset : upload.offset + upload.chunk_unit])
        upload = portal.call(
            "roster", "send_chunk", SLUG, upload.id, body=chunk, upload_offset=upload.offset
        )

    def checked() -> bool:
        nonlocal upload
        upload = portal.call("roster", "read_upload", SLUG, upload.id)
        assert upload.problem == "", upload
        return bool(upload.state.value == "ready")

    wait_for(checked, seconds=60, what="the roster to be checked")
    counted = {name: getattr(upload, name) for name in ("added", "changed", "removed")}
    meant = portal.shape("SwapWanted", {"reason": "Ticket 12", **counted})
    portal.call("roster", "swap_upload", SLUG, upload.id, body=meant, idempotency_key=str(uuid4()))

    def applied() -> bool:
        found = portal.call("roster", "read_upload", SLUG, upload.id)
        return bool(found.state.value == "applied")

    wait_for(applied, seconds=60, what="the roster to be swapped in")
