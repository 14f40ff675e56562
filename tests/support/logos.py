"""Logos for tests."""

import io
from datetime import datetime
from typing import Any

from PIL import Image, ImageDraw

from tenants.logos.encoding import EncodedLogo, encode_logo
from tenants.logos.stored import store_logo
from tests.support.people import START


def logo_file(color: str = "#0b3c5d", size: tuple[int, int] = (320, 80)) -> bytes:
    """Return a PNG with a circle and a bar."""
    image = Image.new("RGBA", size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    pen.ellipse((4, 4, size[1] - 4, size[1] - 4), fill=color)
    pen.rectangle((size[1] + 10, size[1] // 3, size[0] - 8, 2 * size[1] // 3), fill=color)
    made = io.BytesIO()
    image.save(made, "PNG")
    return made.getvalue()


def stored_logo(color: str = "#0b3c5d", *, at: datetime = START) -> EncodedLogo:
    """Keep a logo of a colour."""
    logo = encode_logo(logo_file(color))
    store_logo(logo=logo, by=None, at=at)
    return logo


def naming(logo: EncodedLogo) -> dict[str, Any]:
    """Return the fields by which a document names a logo, for `changed`."""
    return {
        "brand__logo": logo.digest,
        "brand__logo_width": logo.width,
        "brand__logo_height": logo.height,
    }
