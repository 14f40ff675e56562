"""What the page of the brand shows besides its form: the logo, and pages and mails as typed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse
from pydantic import ValidationError

from contracts.console.sections.forms import Part, SectionForm
from tenants.configuration.brand import TEXT_CONTRAST, Contrast, make_tones, readable_on
from tenants.configuration.document import BrandSection

BRAND: Final = "brand"
FILE: Final = "logo_file"
"""The input that a logo is uploaded by."""
_LOGO: Final = ("logo", "logo_width", "logo_height")
_IN_PLACE: Final[Mapping[str, Any]] = {
    "organization": "Organization",
    "product": "Provider portal",
    "logo_text": "Word-mark",
    "color": "#5a5a5a",
    "sender_name": "Sender",
    "sender_address": "sender@example.org",
    **dict.fromkeys((*_LOGO, "logo_alt", "reply_to")),
}
"""What the preview shows where something else was typed than the field can say."""


@dataclass(frozen=True)
class BrandPreview:
    """A brand as it is typed, on a page and in a mail."""

    brand: BrandSection
    contrasts: tuple[Contrast, ...]
    """Every use of the colour for text, with the contrast that it reaches."""
    logo_url: str
    """Empty without a logo."""

    @property
    def sheet_url(self) -> str:
        """Return the address of the sheet that paints the preview."""
        return reverse("tenants:preview_css", args=[self.brand.color.removeprefix("#")])

    @property
    def base(self) -> str:
        """Return the tone that pages use of the colour: the colour, or a darker one."""
        return make_tones(self.brand.color).base

    @property
    def alt(self) -> str:
        """Return what is read out in place of the logo."""
        return self.brand.logo_alt or self.brand.logo_text


def brand_preview(value: Any) -> BrandPreview:
    """Return a brand as it is typed; what cannot be read is shown by something in its place."""
    brand = _readable(value if isinstance(value, Mapping) else {})
    return BrandPreview(
        brand=brand,
        contrasts=(*make_tones(brand.color).contrasts(), _of_mails(brand.color)),
        logo_url=reverse("tenants:logo", args=[brand.logo]) if brand.logo else "",
    )


def brand_parts(form: SectionForm) -> dict[str, Part | list[Part]]:
    """Return the parts of the form as the page groups them: the logo is no text to type."""
    parts = {part.at.removeprefix(f"{BRAND}-"): part for part in form.part.parts}
    typed = [name for name in parts if name not in {*_LOGO, "logo_alt"}]
    return {
        "logo_part": parts["logo"],
        "logo_inputs": [parts[name] for name in _LOGO],
        "alt_part": parts["logo_alt"],
        "typed_parts": [parts[name] for name in typed],
    }


def _of_mails(color: str) -> Contrast:
    said = readable_on(color)
    name = "White" if said == "#ffffff" else "Black"
    return Contrast(f"{name} text at the head of mails", said, color, TEXT_CONTRAST)


def _readable(value: Mapping[str, Any]) -> BrandSection:
    try:
        return BrandSection.model_validate(value)
    except ValidationError as error:
        wrong = set(_wrong(error))
    known = {name: it for name, it in value.items() if name in BrandSection.model_fields}
    return BrandSection.model_validate(known | {name: _IN_PLACE[name] for name in wrong})


def _wrong(error: ValidationError) -> Iterator[str]:
    """Return the fields that are not taken as they are; of the logo all three, or none."""
    for one in error.errors():
        name = str(one["loc"][0]) if one["loc"] else _LOGO[0]
        yield from _LOGO if name in _LOGO else (name,)
