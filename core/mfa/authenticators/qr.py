"""QR codes, drawn as vectors on the server: the secret goes to no other place."""

import io

import qrcode  # type: ignore[import-untyped]
from qrcode.image.svg import SvgPathImage  # type: ignore[import-untyped]


def draw_qr_code(text: str) -> bytes:
    """Return an SVG image of a text, black on white with the margin that scanners need."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=4)
    code.add_data(text)
    image = code.make_image(image_factory=_OnWhite)
    drawn = io.BytesIO()
    image.save(drawn)
    return drawn.getvalue()


class _OnWhite(SvgPathImage):  # type: ignore[misc]
    background = "white"
