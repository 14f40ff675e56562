"""How `manage.py roster` tells the history: lines for people, facts for pipelines."""

from typing import Any

from contracts.roster.models import RosterImport


def import_facts(one: RosterImport) -> dict[str, Any]:
    """Return an import as a program reads it."""
    return {
        "id": str(one.id),
        "file": one.file_name,
        "digest": one.file_digest,
        "read_at": one.read_at.isoformat(),
        "read_by": str(one.read_by) if one.read_by else None,
        "applied": one.applied,
        "rows": one.rows,
        "rejected": one.rejected,
        "added": one.added,
        "changed": one.changed,
        "removed": one.removed,
        "goes_back": str(one.goes_back) if one.goes_back else None,
        "reason": one.reason,
    }


def import_line(one: RosterImport) -> str:
    """Return an import as a line: its number, when, what became of it, from which file."""
    result = (
        f"+{one.added} ~{one.changed} -{one.removed}"
        if one.applied
        else f"refused, {one.rejected} of {one.rows} rows"
    )
    reason = f"  {one.reason}" if one.reason else ""
    return f"{one.id}  {one.read_at:%Y-%m-%d %H:%M}  {result}  {one.file_name}{reason}"
