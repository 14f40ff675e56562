"""Save a section of a draft if it is still what its page showed, whatever became of the others."""

import hashlib
import json
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from contracts.console.models import Draft
from contracts.console.services.drafts import StaleDraftError, save_draft_section

_TRIES: Final = 3


def mark_of(draft: Draft, section: str) -> str:
    """Return what tells one state of a section from another; a form carries it."""
    canonical = json.dumps(draft.document.get(section), sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:20]


def save_section(
    *, draft: Draft, section: str, value: Any, seen: str, by: UUID, at: datetime
) -> Draft:
    """Save a section over the state that was seen; returns the draft as it is now.

    Called by the section's page. Two tabs with different sections do not hinder each other. Records
    what `save_draft_section` does. Raises StaleDraftError where the section itself is another one
    by now, or the draft is gone, and OtherSlugError.
    """
    present: Draft | None = draft
    for _try in range(_TRIES):
        if present is not None and present.document.get(section) == value:
            return present  # pressed twice, or typed alike in another tab
        if present is None or mark_of(present, section) != seen:
            break
        try:
            return save_draft_section(
                draft=present, section=section, value=value, version=present.version, by=by, at=at
            )
        except StaleDraftError:
            present = Draft.objects.filter(pk=draft.pk).first()
    raise StaleDraftError
