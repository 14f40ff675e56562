"""Audit events in words."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import template

from core.audit.models import AuditEvent

register = template.Library()


@register.filter
def spaced(text: str) -> str:
    """Return a name of the code as words."""
    return text.replace("_", " ")


@register.filter
def happened(event: AuditEvent) -> str:
    """Return what happened: `sign_in.refused` becomes `Sign in refused`."""
    return spaced(event.event_type.replace(".", " ")).capitalize()


@register.simple_tag
def by_whom(event: AuditEvent, names: Mapping[UUID, str]) -> str:
    """Return who did it, and to whom it was done, where that is somebody else."""
    if event.actor_id is None:
        said = "by the portal, or somebody not signed in"
    else:
        said = f"by {names.get(event.actor_id, 'somebody whose account is gone')}"
    whose = event.subject_id if event.subject_type == "account" else None
    if whose is None or whose == event.actor_id:
        return said
    return f"{said}, about {names.get(whose, 'an account that is gone')}"


@register.simple_tag
def of_contract(event: AuditEvent, contracts: Mapping[UUID | None, str]) -> str:
    """Return in which contract it happened."""
    return contracts.get(event.contract_id, "a contract that is gone")


@register.simple_tag
def everything(event: Any) -> list[tuple[str, str]]:
    """Return all that an event with its seal holds, as labels and values."""
    place = event.position
    about = f"{spaced(event.subject_type)} {event.subject_id}" if event.subject_id else ""
    return [
        ("Type", event.event_type),
        ("Result", event.result),
        ("Account", str(event.actor_id or "")),
        ("About", about),
        ("Network address", event.remote_address),
        ("Request", event.request_id),
        ("Facts", json.dumps(event.data, ensure_ascii=False, indent=1) if event.data else ""),
        ("Key", str(event.id)),
        ("Seal", f"number {place:,} in its chain" if place else "not sealed yet"),
    ]
