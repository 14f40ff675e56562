"""The revision that a publication was published as, also while its worker is not done with it."""

from contracts.console.models import PlannedPublication
from tenants.models import ContractRevision


def find_made(publication: PlannedPublication) -> ContractRevision | None:
    """Return the revision that was made of a publication; None: there is none yet.

    It is told from others by its place after the base, its text and its author.
    """
    return ContractRevision.objects.filter(
        contract__slug=publication.slug,
        digest=publication.digest,
        number=(publication.base_number or 0) + 1,
        published_by=publication.author_id,
        published_at__gte=publication.asked_at,
    ).first()
