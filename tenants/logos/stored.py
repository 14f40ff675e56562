"""Logos as the database keeps them."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from core.audit.recording import record
from tenants.configuration.document import BrandSection
from tenants.logos.encoding import EncodedLogo
from tenants.logos.models import LogoImage


def store_logo(*, logo: EncodedLogo, by: UUID | None, at: datetime) -> None:
    """Keep an image that `encode_logo` has made, under its digest; the same one is kept once.

    Called by the page of the brand and by the command line; `by` is the person, None for the
    deployment's owner. What no document names some days later goes. Records `logo.stored` for an
    image that was not there.
    """
    values = {
        "content": logo.content,
        "width": logo.width,
        "height": logo.height,
        "stored_at": at,
    }
    with transaction.atomic():
        _, is_new = LogoImage.objects.update_or_create(
            digest=logo.digest, defaults={"stored_at": at}, create_defaults=values
        )
        if is_new:
            record("logo.stored", actor_id=by, data={"digest": logo.digest}, at=at)


def find_logo(digest: str) -> bytes | None:
    """Return the PNG under a digest."""
    found = LogoImage.objects.filter(digest=digest).values_list("content", flat=True).first()
    return None if found is None else bytes(found)


def logo_sizes(*brands: BrandSection) -> dict[str, tuple[int, int]]:
    """Return width and height of the images that brands name, as far as they are here."""
    digests = [brand.logo for brand in brands if brand.logo]
    if not digests:
        return {}
    rows = LogoImage.objects.filter(digest__in=digests).values_list("digest", "width", "height")
    return {digest: (width, height) for digest, width, height in rows}


def hold_logos(*brands: BrandSection) -> None:
    """Keep the images that brands name from being deleted until the transaction ends.

    Called inside it by who publishes, before the gates ask whether they are there.
    """
    digests = sorted({brand.logo for brand in brands if brand.logo})
    if digests:
        rows = LogoImage.objects.select_for_update(no_key=True).filter(digest__in=digests)
        list(rows.order_by("digest").values_list("digest"))
