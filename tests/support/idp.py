"""Start the tests' identity provider, and walk through its pages as a person does."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from core.common.clock import now
from core.staff.oidc.providers import key_of_issuer
from tenants import registry
from tenants.configuration.deployment import DeploymentDocument
from tenants.configuration.publishing import publish_deployment
from tenants.configuration.revisions import find_deployment_revision
from tests.support.processes import free_port, wait_for

ROOT = Path(__file__).resolve().parent.parent.parent
CLIENT_ID = "provider-portal"
SECRET = "a secret of the tests"
SECRET_VARIABLE = "TEST_STAFF_LOGIN_SECRET"
PASSWORD = "Provider-Lantern-47"
PEOPLE = {
    "olive@company.example": ["Olive", "Marsh"],
    "sam@company.example": ["Sam", "Ames"],
    "eve@elsewhere.example": ["Eve", "Lund"],
}


@dataclass
class IdentityProvider:
    """The running provider."""

    port: int
    folder: Path
    _control: dict[str, Any] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self.port}"

    def claim(self, email: str, **claims: Any) -> None:
        """Say what it claims about somebody."""
        self._control.setdefault("people", {})[email] = claims
        self._write()

    def fault(self, **control: Mapping[str, Any]) -> None:
        """Make it do wrong: `token`, `userinfo`, `discovery` with what is to be put in."""
        self._control |= control
        self._write()

    def behave(self) -> None:
        """Forget all claims and faults."""
        self._control = {}
        self._write()

    def _write(self) -> None:
        (self.folder / "control.json").write_text(json.dumps(self._control))

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.issuer}/.well-known/openid-configuration") as page:
                return bool(page.status == 200)
        except (urllib.error.URLError, ConnectionError):
            return False


@contextmanager
def running_provider(
    origins: Sequence[str] = ("http://localhost",),
) -> Iterator[IdentityProvider]:
    """Run a provider in a second process for as long as the block lasts.

    `origins` are those of the portals that it sends people back to.
    """
    folder = Path(tempfile.mkdtemp(prefix="portal-idp-"))
    provider = IdentityProvider(port=free_port(), folder=folder)
    path = f"/staff/sign-in/{key_of_issuer(provider.issuer)}/callback/"
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    start = {
        "client_id": CLIENT_ID,
        "secret": SECRET,
        "redirect_uris": [origin + path for origin in origins],
        "password": PASSWORD,
        "people": PEOPLE,
    }
    (folder / "start.json").write_text(json.dumps(start))
    environment = {
        **{name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
        "IDENTITY_PROVIDER_FOLDER": str(folder),
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.identity_provider", str(provider.port)],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(
            lambda: provider.answers() or process.poll() is not None, seconds=60, what="provider"
        )
        assert process.poll() is None, (folder / "log").read_text()[-3000:]
        yield provider
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def section(issuer: str, **changes: Any) -> dict[str, Any]:
    """Return a provider's section of the deployment's document."""
    return {
        "name": "Company sign-in",
        "issuer": issuer,
        "client_id": CLIENT_ID,
        "secret_variable": SECRET_VARIABLE,
        "allowed_domains": ["company.example"],
        "role_mappings": [
            {"claim": "groups", "value": "portal-operators", "role": "operator"},
            {"claim": "groups", "value": "portal-help", "role": "help_desk"},
            {
                "claim": "groups",
                "value": "portal-wv",
                "role": "contract_admin",
                "contracts": ["wv-bh"],
            },
        ],
        **changes,
    }


def publish_providers(*sections: Mapping[str, Any]) -> None:
    """Publish the present deployment's document with these identity providers."""
    present = registry.get_deployment().model_dump(mode="json")
    document = DeploymentDocument.model_validate({**present, "identity_providers": list(sections)})
    revision = find_deployment_revision()
    publish_deployment(
        document=document, base=revision.number if revision else None, by=None, at=now()
    )


def sign_in_at_provider(
    address: str, email: str, *, browser: requests.Session | None = None
) -> str:
    """Go where the portal led, sign in there, and return the address to which one is sent back."""
    person = browser or requests.Session()
    page = person.get(address, allow_redirects=False, timeout=10)
    for _step in range(8):
        if page.status_code in {301, 302}:
            target = urljoin(page.url, page.headers["Location"])
            if "/staff/sign-in/" in target:
                return target
            page = person.get(target, allow_redirects=False, timeout=10)
            continue
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token is not None, page.text[:2000]
        page = person.post(
            page.url,
            data={"csrfmiddlewaretoken": token[1], "login": email, "password": PASSWORD},
            headers={"Referer": page.url},
            allow_redirects=False,
            timeout=10,
        )
    raise AssertionError(page.text[:2000])
