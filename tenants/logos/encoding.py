"""An upload becomes an image of our own making: decoded by what it is, drawn anew, within bounds.

Whatever else a file carries (a script, an archive, a place where a photo was taken) stays behind:
only the pixels are drawn into a new PNG. Neither its name nor its declared type is looked at.
Bounds are read from the file's head before anything is decoded. PNG, because every mail program and
the typesetter of letters show it.
"""

import io
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps

from core.common.errors import DomainError

LARGEST_UPLOAD: Final = 3_000_000
"""Bytes; own figure, below what a request may carry at all (`PORTAL_LARGEST_BODY`)."""
LARGEST_LOGO: Final = 200_000
"""Bytes of the image that is kept."""
MOST_PIXELS: Final = 12_000_000
"""Own figure: a photo of a telephone, and 48 MB while it is drawn."""
WIDEST: Final = 640
HIGHEST: Final = 240
"""Pixels: three times of what a page shows, for sharp screens and paper."""
LEAST_SIDE: Final = 16
_FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF")
_JPEG: Final = b"\xff\xd8"
_MOST_SCANS: Final = 100
"""A progressive JPEG has some ten; each one more costs a pass over all pixels for a few bytes."""
_NEXT_SIZE: Final = 0.85
_SEEN_BELOW: Final = 235
"""The brightness, of 255, that something of a logo stays below on white: 1.2 to 1."""


class LogoRefusedError(DomainError):
    """A file that makes no logo; the sentence says why."""

    code = "logo_refused"


@dataclass(frozen=True)
class EncodedLogo:
    """A PNG of ours: its content, the SHA-256 of that in hexadecimal, its size in pixels."""

    content: bytes
    digest: str
    width: int
    height: int


def encode_logo(content: bytes) -> EncodedLogo:
    """Return an upload as a logo: the first picture of it, upright, without anything else.

    Pure; the same pixels give the same bytes, so that a logo can be taken along as a file. Raises
    LogoRefusedError.
    """
    if len(content) > LARGEST_UPLOAD:
        raise LogoRefusedError("The file is larger than 3 MB. Choose a smaller picture.")
    drawn = _fitted(_decoded(content))
    _refuse_unseen(drawn)
    png = _png(drawn)
    while len(png) > LARGEST_LOGO:
        drawn = _scaled(drawn, _NEXT_SIZE)
        png = _png(drawn)
    if min(drawn.size) < LEAST_SIDE:
        raise LogoRefusedError(
            f"The logo is too small, or too narrow for its length: each side needs {LEAST_SIDE} "
            f"pixels when it is fitted into {WIDEST} × {HIGHEST}."
        )
    return EncodedLogo(png, sha256(png).hexdigest(), *drawn.size)


def read_logo(path: Path) -> EncodedLogo:
    """Return a file as a logo. Raises LogoRefusedError and OSError."""
    with path.open("rb") as stream:
        return encode_logo(stream.read(LARGEST_UPLOAD + 1))


def _decoded(content: bytes) -> Image.Image:
    try:
        # The names of the formats keep decoders of everything else away.
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            _refuse_costly(image, content)
            image.load()
            return _plain(ImageOps.exif_transpose(image))
    except LogoRefusedError:
        raise
    except Image.DecompressionBombError as error:
        raise _too_many_pixels() from error
    except Exception as error:
        raise LogoRefusedError(
            "This is no picture that can be read: a whole PNG, JPEG, WebP or GIF file is taken."
        ) from error


def _refuse_costly(image: Image.Image, content: bytes) -> None:
    """Refuse by the file's head what would take much memory or time to decode."""
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise _too_many_pixels()
    # By its first bytes: a JPEG that says it holds several pictures has another name here (MPO).
    if content.startswith(_JPEG) and content.count(b"\xff\xda") > _MOST_SCANS:
        raise LogoRefusedError("This JPEG is built in an unusual way. Save it anew as PNG.")


def _too_many_pixels() -> LogoRefusedError:
    return LogoRefusedError("The picture has more than 12 million pixels. Choose a smaller one.")


def _plain(image: Image.Image) -> Image.Image:
    """Return the pixels as RGB, or RGBA where something shows through, whatever they were."""
    if image.mode.startswith("I"):  # 16 bits of grey: converting would cut, not scale
        image = image.convert("I").point(lambda level: level / 257).convert("L")
    has_alpha = image.has_transparency_data
    drawn = image.convert("RGBA" if has_alpha else "RGB")
    if has_alpha and drawn.getchannel("A").getextrema() == (255, 255):
        drawn = drawn.convert("RGB")
    drawn.info.clear()
    return drawn


def _fitted(image: Image.Image) -> Image.Image:
    return _scaled(image, min(1.0, WIDEST / image.width, HIGHEST / image.height))


def _scaled(image: Image.Image, share: float) -> Image.Image:
    if share == 1:
        return image
    width, height = (max(1, round(side * share)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _refuse_unseen(image: Image.Image) -> None:
    """Pages and mails show logos on white."""
    seen = Image.new("RGB", image.size, "white")
    seen.paste(image, mask=image if image.mode == "RGBA" else None)
    darkest, _ = seen.convert("L").getextrema()
    if not isinstance(darkest, int | float) or darkest >= _SEEN_BELOW:
        raise LogoRefusedError(
            "Nothing of this picture is seen on white, where pages and mails show it. Choose the "
            "logo in its dark colors."
        )


def _png(image: Image.Image) -> bytes:
    made = io.BytesIO()
    image.save(made, "PNG", optimize=True)
    return made.getvalue()
