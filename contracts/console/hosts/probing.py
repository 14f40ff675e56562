"""Ask a configured host whether it leads to this deployment, for its contract."""

import secrets
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from django.conf import settings

from contracts.console.hosts.targets import HostTarget
from contracts.console.models import HostFinding
from core.common.probing.asking import (
    Answer,
    NoAnswerError,
    Prober,
    Trouble,
    system_addresses,
)
from tenants.host_identity import IDENTITY, is_identity
from tenants.snapshot import LOCAL_SUFFIX

_FINDINGS: Final = {
    Trouble.NO_NAME: HostFinding.NO_NAME,
    Trouble.INSIDE: HostFinding.INSIDE,
    Trouble.UNREACHABLE: HostFinding.UNREACHABLE,
    Trouble.CERTIFICATE: HostFinding.CERTIFICATE,
    Trouble.ODD: HostFinding.ELSEWHERE,
}


@dataclass(frozen=True)
class Found:
    """What one check found."""

    finding: HostFinding
    detail: str = ""
    address: str = ""
    certificate_ends_at: datetime | None = None


def probe_host(target: HostTarget, prober: Prober) -> Found:
    """Ask a host, and say what it is. Never raises for what the host does."""
    number = secrets.token_hex(16)
    path = IDENTITY + number
    try:
        answer = prober.ask(target.name, path)
    except NoAnswerError as error:
        return Found(_FINDINGS[error.trouble], error.detail, error.address)
    problem = _redirect_problem(target, path, answer) if target.redirects else None
    if not target.redirects:
        problem = _page_problem(target, number, answer)
    finding = HostFinding.ELSEWHERE if problem else HostFinding.READY
    return Found(finding, problem or "", answer.address, answer.certificate_ends_at)


def default_prober() -> Prober:
    """Return how hosts are asked here: locally without TLS, and only on this machine."""
    if settings.PORTAL_LOCAL_HOSTS:
        return Prober(
            resolve=_local_addresses,
            allowed=settings.PORTAL_HOST_NETWORKS,
            port=settings.PORTAL_PUBLIC_PORT,
        )
    return Prober(
        resolve=system_addresses,
        allowed=settings.PORTAL_HOST_NETWORKS,
        tls=_public_authorities() if settings.PORTAL_PUBLIC_SCHEME == "https" else None,
        port=settings.PORTAL_PUBLIC_PORT,
    )


@lru_cache(maxsize=1)
def _public_authorities() -> ssl.SSLContext:
    """The authorities that this machine believes; reading them takes a while."""
    return ssl.create_default_context()


def _local_addresses(host: str) -> Sequence[str]:
    """Names that end in .localhost lead to this machine (RFC 6761), whatever a resolver knows."""
    return ["127.0.0.1"] if host.endswith(LOCAL_SUFFIX) else []


def _page_problem(target: HostTarget, number: str, answer: Answer) -> str | None:
    if 300 <= answer.status < 400:
        return "redirects"
    if answer.status >= 500:
        return "fault"
    proven = is_identity(answer.body, number, host=target.host, contract_id=target.contract_id)
    return None if answer.status == 200 and proven else "stranger"


def _redirect_problem(target: HostTarget, path: str, answer: Answer) -> str | None:
    if not 300 <= answer.status < 400:
        return "no_redirect"
    return None if answer.location == target.redirect_to(path) else "other_redirect"
