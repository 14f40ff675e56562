"""Begin, save and discard drafts. Each is one author's; nobody else changes it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from contracts.console.drafts.content import canonical
from contracts.console.models.drafts import DRAFT_ONCE, Draft
from core.audit.recording import record
from core.common.errors import DomainError
from core.common.purging import delete_in_batches
from tenants.models import Contract


class DraftExistsError(DomainError):
    """The author has a draft of this contract already."""

    code: ClassVar[str] = "draft_exists"
    message: ClassVar[str] = (
        "You have a draft of this contract already. Go on with it or discard it."
    )


class StaleDraftError(DomainError):
    """The draft was saved or discarded elsewhere since it was shown."""

    code: ClassVar[str] = "draft_stale"
    message: ClassVar[str] = (
        "This draft was changed meanwhile, perhaps in another tab. Nothing was saved. "
        "Compare what you typed with what it says by now, and save again."
    )


class OtherSlugError(DomainError):
    """What is to be saved is about another contract than the draft."""

    code: ClassVar[str] = "draft_other_slug"


def create_draft(
    *,
    slug: str,
    author: UUID,
    base: int | None,
    document: Mapping[str, Any],
    origin: str = "",
    at: datetime,
) -> Draft:
    """Begin an author's draft of a contract, or of a new one, made from the revision `base`.

    Called by the console, which has looked at the author's rights. Records `draft.created`.
    Raises DraftExistsError and OtherSlugError.
    """
    kept = _of_slug(slug, document)
    try:
        with transaction.atomic():
            draft = Draft.objects.create(
                slug=slug,
                author_id=author,
                base_number=base,
                origin=origin,
                document=kept,
                created_at=at,
                saved_at=at,
            )
            _record("draft.created", draft, at, base=base, origin=origin)
    except IntegrityError as error:
        if DRAFT_ONCE not in str(error):
            raise
        raise DraftExistsError from error
    return draft


def save_draft(
    *,
    draft: Draft,
    document: Mapping[str, Any],
    version: int,
    by: UUID,
    note: str | None = None,
    at: datetime,
) -> Draft:
    """Replace a draft's document, and its note where one is given; returns the draft as it is now.

    Called by its author's pages. `version` is the one that the author saw. Records `draft.saved`
    with the sections that changed; what changes nothing is not saved. Raises StaleDraftError and
    OtherSlugError.
    """
    kept = _of_slug(draft.slug, document)
    with transaction.atomic():
        found = _hold(draft)
        changed = _sections_changed(found.document, kept)
        new_note = found.note if note is None else note
        if not changed and new_note == found.note:
            return found  # pressed twice, or nothing typed
        _refuse_other_version(found, version)
        found.document, found.note = kept, new_note
        found.version += 1
        found.saved_at = at
        found.save(update_fields=["document", "note", "version", "saved_at"])
        _record("draft.saved", found, at, version=found.version, sections=changed)
    return found


def save_draft_section(
    *, draft: Draft, section: str, value: Any, version: int, by: UUID, at: datetime
) -> Draft:
    """Replace one section of a draft's document, and leave the others as they are.

    Called by the forms of the sections. Records and raises what `save_draft` does.
    """
    document = {**draft.document, section: value}
    return save_draft(draft=draft, document=document, version=version, by=by, at=at)


def rebase_draft(
    *, draft: Draft, document: Mapping[str, Any], base: int, version: int, by: UUID, at: datetime
) -> Draft:
    """Let a draft be about the revision `base`, with what its author wants of both.

    Called by the page that carries a draft over to what was published meanwhile. Records
    `draft.rebased`. Raises StaleDraftError and OtherSlugError.
    """
    kept = _of_slug(draft.slug, document)
    with transaction.atomic():
        found = _hold(draft)
        _refuse_other_version(found, version)
        former, found.base_number = found.base_number, base
        found.document = kept
        found.version += 1
        found.saved_at = at
        found.save(update_fields=["document", "base_number", "version", "saved_at"])
        _record("draft.rebased", found, at, former=former, base=base)
    return found


def discard_draft(*, draft: Draft, by: UUID, at: datetime) -> None:
    """Delete a draft for good. Pressed twice it is gone all the same. Records `draft.discarded`."""
    with transaction.atomic():
        found = Draft.objects.select_for_update().filter(pk=draft.pk).first()
        if found is not None:
            _record("draft.discarded", found, at, version=found.version)
            found.delete()


def purge_drafts(*, at: datetime) -> int:
    """Delete drafts that nobody has saved for long (`PORTAL_DRAFT_DAYS`); returns how many."""
    kept = timedelta(days=settings.PORTAL_DRAFT_DAYS)
    return delete_in_batches(Draft.objects.filter(saved_at__lt=at - kept))


def _hold(draft: Draft) -> Draft:
    found = Draft.objects.select_for_update().filter(pk=draft.pk).first()
    if found is None:
        raise StaleDraftError
    return found


def _refuse_other_version(draft: Draft, version: int) -> None:
    if draft.version != version:
        raise StaleDraftError


def _of_slug(slug: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document as drafts keep it. Raises OtherSlugError where it names another slug."""
    section = document.get("contract")
    if isinstance(section, Mapping):
        named = section.get("slug", slug)
        if named != slug:
            raise OtherSlugError(
                f"contract.slug: this draft is of {slug}, and a contract keeps its slug."
            )
        document = {**document, "contract": {**section, "slug": slug}}
    return canonical(document)


def _sections_changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    names = {*before, *after}
    return sorted(name for name in names if before.get(name) != after.get(name))[:40]


def _record(event_type: str, draft: Draft, at: datetime, **data: object) -> None:
    contract = Contract.objects.filter(slug=draft.slug).values_list("id", flat=True).first()
    record(
        event_type,
        contract_id=contract,
        actor_id=draft.author_id,
        subject=("draft", draft.id),
        data={"slug": draft.slug, **data},
        at=at,
    )
