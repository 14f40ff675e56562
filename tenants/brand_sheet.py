"""The small style sheet that paints the design system's components in a contract's colour."""

import hashlib
from functools import lru_cache

from tenants.configuration.brand import make_tones, readable_on
from tenants.configuration.document import BrandSection

_SELECTOR = ":root, ::before, ::after, ::backdrop"
"""The design system sets its tokens on the pseudo-elements too (the mark of a ticked box is one):
a sheet for the root alone would leave those in the design system's own colour."""

_VERSION = "1"
"""Part of the digest: a new one makes browsers fetch sheets again whose colour did not change."""


def sheet_digest(brand: BrandSection) -> str:
    """Return the digest that stands in the sheet's address."""
    return _digest(brand.color)


@lru_cache(maxsize=512)
def _digest(color: str) -> str:
    return hashlib.sha256(f"{_VERSION}:{render_sheet(color)}".encode()).hexdigest()[:16]


@lru_cache(maxsize=512)
def render_sheet(color: str) -> str:
    """Return the sheet of a colour: the seven tones and the component tokens made from them."""
    return _rule(_SELECTOR, make_tones(color).custom_properties() | _COMPONENT_TOKENS)


@lru_cache(maxsize=512)
def render_preview_sheet(color: str) -> str:
    """Return the sheet that paints what is called `brand-preview`, and nothing else of a page."""
    properties = make_tones(color).custom_properties() | _COMPONENT_TOKENS
    properties |= {"--mail-color": color, "--on-mail-color": readable_on(color)}
    return _rule(".brand-preview", properties)


def _rule(selector: str, properties: dict[str, str]) -> str:
    lines = "\n".join(f"  {name}: {value};" for name, value in properties.items())
    return f"{selector} {{\n{lines}\n}}\n"


_COMPONENT_TOKENS = {
    "--button-solid__background-color": "var(--color-primary)",
    "--button-solid__background-color--hover": "var(--color-primary-dark)",
    "--button-solid__background-color--active": "var(--color-primary-darker)",
    "--button__color": "var(--color-primary)",
    "--button__color--hover": "var(--color-primary-dark)",
    "--button__color--active": "var(--color-primary-darker)",
    "--button__border-color": "var(--color-primary)",
    "--button__border-color--hover": "var(--color-primary-dark)",
    "--button__border-color--active": "var(--color-primary-darker)",
    "--button-ghost__color": "var(--color-primary)",
    "--button-ghost__color--hover": "var(--color-primary-dark)",
    "--button-ghost__color--active": "var(--color-primary-darker)",
    "--choice__background-color--checked": "var(--color-primary)",
    "--choice__border-color--checked": "var(--color-primary)",
    "--link__color": "var(--color-primary)",
    "--link__color--hover": "var(--color-primary-dark)",
    "--link__color--active": "var(--color-primary-darker)",
}
"""Tokens of @cmsgov/design-system (dist/css/core-theme.css) that hold a colour of their own."""
