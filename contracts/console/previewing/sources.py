"""What can be previewed: one's own draft, a publication that waits, a published revision."""

from uuid import UUID

from django.http import Http404

from contracts.console.access import access_revision
from contracts.console.drafts.access import access_draft
from contracts.console.publications.access import access_publication
from contracts.console.services.previews import Previewed
from core.common.http import key_or_404
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor

_VIEW = StaffPermission.CONTRACTS_VIEW
DRAFT = "draft"


def access_previewed(
    staff: StaffActor, slug: str, of: str, permission: StaffPermission = _VIEW
) -> Previewed:
    """Return the document that `of` names, for staff who may see it and hold a permission there.

    `of` is `draft` (one's own), `publication-<key>` or `revision-<number>`. Raises Http404 for what
    they do not see, RecordedRefusal for what they see without the right.
    """
    kind, _, key = of.partition("-")
    if of == DRAFT:
        draft = access_draft(staff, slug)
        return Previewed(slug, of, f"Draft, version {draft.version}", draft.document, draft)
    if kind == "publication":
        return _of_publication(staff, slug, key_or_404(key), permission)
    if kind == "revision" and key.isdecimal() and len(key) < 10:
        revision = access_revision(staff, slug, int(key), permission)
        label = f"Revision {revision.number}"
        return Previewed(slug, f"revision-{revision.number}", label, revision.document)
    raise Http404


def _of_publication(
    staff: StaffActor, slug: str, key: UUID, permission: StaffPermission
) -> Previewed:
    found = access_publication(staff, slug, key, permission)
    label = "What waits to be published" if found.is_open else "What was to be published"
    return Previewed(slug, f"publication-{found.id}", label, found.document)
