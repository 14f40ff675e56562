"""Uploads become logos of our own making, whatever they were; what is no picture is refused."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image, ImageDraw, PngImagePlugin

from tenants.logos.encoding import (
    LARGEST_LOGO,
    LARGEST_UPLOAD,
    EncodedLogo,
    LogoRefusedError,
    encode_logo,
)
from tests.support.naive import fails_with

SECRET = b"<script>alert(1)</script>"


def picture(mode: str = "RGB", size: tuple[int, int] = (200, 80)) -> Image.Image:
    """Return white with the left half in a dark blue."""
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 2, size[1]), fill="#0b3c5d")
    return image.convert(mode)


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    made = io.BytesIO()
    image.save(made, kind, **options)
    return made.getvalue()


def drawn(logo: EncodedLogo) -> Image.Image:
    image = Image.open(io.BytesIO(logo.content), formats=("PNG",))
    image.load()
    return image


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of_size(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes whose head promises many pixels, all of which it has."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width // 8 + 2) * min(height, 3_000)), 9)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def gif() -> bytes:
    frames = [picture("P"), Image.new("P", (200, 80), 0)]
    return saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50)


def palette_with_a_hole() -> bytes:
    image = picture().quantize(4)
    hole = image.getpixel((199, 40))
    return saved(image, "PNG", transparency=hole)


def grey_of_16_bits() -> bytes:
    image = Image.new("I;16", (200, 80), 65535)
    image.paste(257 * 20, (0, 0, 100, 80))
    return saved(image)


KINDS: dict[str, Callable[[], bytes]] = {
    "png": lambda: saved(picture()),
    "jpeg": lambda: saved(picture(), "JPEG", quality=95),
    "progressive": lambda: saved(picture(), "JPEG", quality=95, progressive=True),
    "cmyk": lambda: saved(picture("CMYK"), "JPEG", quality=95),
    "webp": lambda: saved(picture(), "WEBP", lossless=True),
    "animated webp": lambda: saved(
        picture(), "WEBP", save_all=True, append_images=[Image.new("RGB", (200, 80))], lossless=True
    ),
    "animated png": lambda: saved(
        picture(), "PNG", save_all=True, append_images=[Image.new("RGB", (200, 80))]
    ),
    "animated gif": gif,
    "grey": lambda: saved(picture("L")),
    "grey with alpha": lambda: saved(picture("LA")),
    "black and white": lambda: saved(picture().convert("1", dither=Image.Dither.NONE)),
    "palette": lambda: saved(picture("P")),
    "palette with a hole": palette_with_a_hole,
    "alpha": lambda: saved(picture("RGBA")),
    "16 bits": grey_of_16_bits,
    "another name for it": lambda: saved(picture(), "JPEG") + SECRET,
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_becomes_the_same_picture(kind: str) -> None:
    logo = encode_logo(KINDS[kind]())
    assert (logo.width, logo.height) == drawn(logo).size == (200, 80)
    seen = Image.new("RGB", (200, 80), "white")
    seen.paste(drawn(logo).convert("RGBA"), mask=drawn(logo).convert("RGBA"))
    left, right = seen.crop((20, 20, 60, 60)), seen.crop((140, 20, 180, 60))
    assert [least for least, _ in right.getextrema()] >= [250] * 3  # type: ignore[misc]
    assert [most for _, most in left.getextrema()] <= [130] * 3  # type: ignore[misc]


def test_only_pixels_come_along() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", SECRET.decode())
    notes.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    files = [
        saved(picture(), pnginfo=notes, exif=exif, icc_profile=SECRET) + SECRET,
        saved(picture(), "JPEG", comment=SECRET, exif=exif, icc_profile=SECRET) + SECRET,
        saved(picture(), "GIF", comment=SECRET) + b"PK\x03\x04" + SECRET,
        saved(picture(), "WEBP", exif=exif, xmp=SECRET),
    ]
    for file in files:
        assert SECRET in file
        assert SECRET not in encode_logo(file).content
        assert not drawn(encode_logo(file)).info


def test_a_file_that_is_kept_because_it_begins_like_a_picture_brings_all_along() -> None:
    def kept(content: bytes) -> EncodedLogo:
        assert content.startswith((b"\x89PNG", b"\xff\xd8", b"GIF8", b"RIFF"))
        return EncodedLogo(content, "", 200, 80)

    fails_with(
        f"{__name__}.encode_logo",
        kept,
        test_only_pixels_come_along,
        where="SECRET not in encode_logo(file).content",
    )


def test_a_photo_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    logo = encode_logo(saved(picture(), "JPEG", exif=exif, quality=95))
    assert (logo.width, logo.height) == (80, 200)
    assert drawn(logo).convert("L").getpixel((40, 20)) < 128  # type: ignore[operator]


@pytest.mark.parametrize("size", [(3000, 2000), (641, 100), (100, 1000), (640, 240)])
def test_what_is_large_is_fitted_in_its_proportions(size: tuple[int, int]) -> None:
    logo = encode_logo(saved(picture(size=size)))
    assert (min(logo.width, 640), min(logo.height, 240)) == (logo.width, logo.height)
    assert logo.width / logo.height == pytest.approx(size[0] / size[1], rel=0.05)


def test_what_does_not_compress_is_made_smaller_until_it_fits() -> None:
    noise = Image.merge("RGB", [Image.effect_noise((640, 240), 120) for _ in range(3)])
    assert len(saved(noise)) > LARGEST_LOGO
    logo = encode_logo(saved(noise))
    assert 100_000 < len(logo.content) <= LARGEST_LOGO
    assert logo.width / logo.height == pytest.approx(640 / 240, rel=0.02)


@pytest.mark.parametrize("kind", ["png", "jpeg", "alpha", "palette with a hole"])
def test_a_logo_of_ours_stays_the_same_when_it_is_taken_along(kind: str) -> None:
    logo = encode_logo(KINDS[kind]())
    assert encode_logo(logo.content) == logo


def several() -> bytes:
    """Return a JPEG that says it holds two pictures, as some cameras write it."""
    made = io.BytesIO()
    picture().convert("RGB").save(made, "MPO", save_all=True, append_images=[picture()])
    return made.getvalue()


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "no picture"),
    "text": (lambda: b"hello", "no picture"),
    "svg": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "no picture"),
    "html": (lambda: b"<!doctype html>" + SECRET, "no picture"),
    "page before a picture": (lambda: SECRET + saved(picture()), "no picture"),
    "bmp": (lambda: saved(picture(), "BMP"), "no picture"),
    "tiff": (lambda: saved(picture(), "TIFF"), "no picture"),
    "icon": (lambda: saved(picture(size=(32, 32)), "ICO"), "no picture"),
    "postscript": (lambda: saved(picture(), "EPS"), "no picture"),
    "cut short": (lambda: saved(picture(), "JPEG")[:-900], "no picture"),
    "png cut short": (lambda: saved(picture())[:-80], "no picture"),
    "webp cut short": (lambda: saved(picture(), "WEBP")[:-40], "no picture"),
    "head alone": (lambda: saved(picture())[:33], "no picture"),
    "fewer rows than promised": (lambda: png_of_size(2000, 5000)[:400], "no picture"),
    "many pixels": (lambda: png_of_size(4000, 3001), "12 million"),
    "a bomb": (lambda: png_of_size(30_000, 30_000), "12 million"),
    "a bigger bomb": (lambda: png_of_size(200_000, 2_000_000), "12 million"),
    "many scans": (lambda: saved(picture(), "JPEG") + b"\xff\xda" * 200, "unusual"),
    "many scans of several pictures": (lambda: several() + b"\xff\xda" * 200, "unusual"),
    "too large": (lambda: bytes(LARGEST_UPLOAD + 1), "3 MB"),
    "a line": (lambda: saved(picture(size=(5000, 20))), "too narrow"),
    "a dot": (lambda: saved(picture(size=(8, 8))), "too small"),
    "white": (lambda: saved(Image.new("RGB", (200, 80), "white")), "on white"),
    "white on nothing": (lambda: saved(Image.new("RGBA", (200, 80), (255,) * 3)), "on white"),
    "nothing to see": (lambda: saved(Image.new("RGBA", (200, 80), (0, 0, 0, 0))), "on white"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_makes_no_logo_is_refused_with_its_reason(kind: str) -> None:
    make, said = REFUSED[kind]
    with pytest.raises(LogoRefusedError, match=said):
        encode_logo(make())


def test_any_broken_bytes_are_refused_and_nothing_else_is_raised() -> None:
    for whole in (KINDS["png"](), KINDS["progressive"](), KINDS["animated gif"](), KINDS["webp"]()):
        for place in range(8, len(whole), max(1, len(whole) // 40)):
            broken = bytearray(whole)
            broken[place] ^= 0xFF
            try:
                encode_logo(bytes(broken))
            except LogoRefusedError:
                continue
