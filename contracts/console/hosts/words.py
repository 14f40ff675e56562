"""What was found at a host, in sentences, and what to do about it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from contracts.console.models import HostCheck, HostFinding, HostRole

_TO_RENEW: Final = timedelta(days=21)
"""So long before its end somebody should see to a certificate. Own figure: most are renewed by
machines a month before."""
_SENTENCES: Final[Mapping[tuple[str, str], str]] = {
    (HostFinding.READY, ""): "It leads here.",
    (HostFinding.NO_NAME, ""): "The name has no address.",
    (HostFinding.INSIDE, ""): "The name leads to an address that is not public.",
    (HostFinding.UNREACHABLE, ""): "Nobody answers{at}.",
    (HostFinding.UNREACHABLE, "slow"): "Nobody answers in time{at}.",
    (HostFinding.CERTIFICATE, ""): "It does not speak TLS as browsers do.",
    (HostFinding.CERTIFICATE, "expired"): "Its certificate is over.",
    (HostFinding.CERTIFICATE, "early"): "Its certificate is not valid yet.",
    (HostFinding.CERTIFICATE, "name"): "Its certificate is for other names.",
    (HostFinding.CERTIFICATE, "issuer"): "Browsers do not know the authority of its certificate.",
    (HostFinding.ELSEWHERE, ""): "What answers{at} is no web page.",
    (HostFinding.ELSEWHERE, "stranger"): "Something else answers{at}.",
    (HostFinding.ELSEWHERE, "redirects"): "What answers{at} leads to another address.",
    (HostFinding.ELSEWHERE, "fault"): "What answers{at} reports a fault of its own.",
    (HostFinding.ELSEWHERE, "no_redirect"): "It shows a page, and leads nowhere.",
    (HostFinding.ELSEWHERE, "other_redirect"): "It leads elsewhere, or loses the path on the way.",
}
_DNS: Final = (
    "Let the DNS have {host} as a CNAME of {portal}; a name that allows no CNAME gets the "
    "addresses of {portal}."
)
_TODO: Final[Mapping[str, str]] = {
    HostFinding.NO_NAME: _DNS,
    HostFinding.INSIDE: _DNS,
    HostFinding.UNREACHABLE: "See that what stands before the portal takes connections for {host}.",
    HostFinding.CERTIFICATE: "Put a certificate for {host} before the portal.",
    HostFinding.ELSEWHERE: _DNS,
}


def sentence_of(check: HostCheck | None) -> str:
    """Return what was found, in one sentence of ours."""
    if check is None:
        return "Nobody has asked it yet."
    if check.is_ready and check.role == HostRole.REDIRECT:
        return "It redirects, and keeps the path."
    known = _SENTENCES.get((check.finding, check.detail)) or _SENTENCES[check.finding, ""]
    return known.format(at=f" at {check.address}" if check.address else "")


def todo_of(check: HostCheck | None, *, host: str, portal: str, at: datetime) -> str:
    """Return what to do about a host; empty where there is nothing to do."""
    if check is None:
        return "Check it now, or wait for some minutes: it is asked by itself."
    if check.is_ready:
        return f"Renew the certificate of {host}." if ends_soon(check, at=at) else ""
    if check.detail == "fault":
        return f"See to the server that answers for {host}."
    if check.role == HostRole.PORTAL and _TODO[check.finding] is _DNS:
        return f"Let the DNS have the addresses of this portal for {host}."
    return _TODO[check.finding].format(host=host, portal=portal)


def ends_soon(check: HostCheck, *, at: datetime) -> bool:
    """Tell whether a certificate should be renewed by now."""
    ends = check.certificate_ends_at
    return ends is not None and ends - at < _TO_RENEW


def days_left(check: HostCheck | None, *, at: datetime) -> int | None:
    """Return the whole days until a certificate ends; None where there is none."""
    if check is None or check.certificate_ends_at is None:
        return None
    return (check.certificate_ends_at - at).days
