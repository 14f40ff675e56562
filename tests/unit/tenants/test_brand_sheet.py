"""The sheet that paints the design system in a contract's colour."""

import re
from pathlib import Path

import pytest

from tenants.brand_sheet import render_sheet, sheet_digest
from tenants.configuration.document import BrandSection

VENDORED = Path(__file__).resolve().parents[3] / "core" / "ui" / "static" / "vendor"


def brand(color: str) -> BrandSection:
    return BrandSection(
        organization="Sample",
        product="Portal",
        logo_text="Sample",
        color=color,
        sender_name="Portal",
        sender_address="portal@example.org",
    )


def test_the_address_changes_with_the_colour_and_not_otherwise() -> None:
    assert sheet_digest(brand("#005a9c")) == sheet_digest(brand("#005a9c"))
    assert sheet_digest(brand("#005a9c")) != sheet_digest(brand("#6a2c7f"))
    assert re.fullmatch("[0-9a-f]{16}", sheet_digest(brand("#005a9c")))


@pytest.mark.parametrize("color", ["#005a9c", "#6a2c7f", "#ffff00", "#000000"])
def test_the_sheet_sets_the_seven_tones_and_nothing_but_properties(color: str) -> None:
    sheet = render_sheet(color)
    for tone in ("lightest", "lighter", "light", "dark", "darker", "darkest"):
        assert re.search(rf"--color-primary-{tone}: #[0-9a-f]{{6}};", sheet)
    assert re.fullmatch(r":root[a-z:, ]* \{\n(  --[a-z_-]+: [^;{}]+;\n)+\}\n", sheet)


def test_every_token_that_is_set_is_one_of_the_design_systems() -> None:
    theme = next(iter(VENDORED.rglob("core-theme.css")), None)
    assert theme is not None, "run make assets"
    known = set(re.findall(r"(--[a-z0-9_-]+)\s*:", theme.read_text()))
    used = set(re.findall(r"^  (--[a-z0-9_-]+):", render_sheet("#005a9c"), re.MULTILINE))
    assert used - known == set()
