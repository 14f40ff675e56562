"""A brand's sheet sets tokens that the design system really has, wherever it sets them itself."""

import re

from core.ui.assets import TARGET
from tenants.brand_sheet import render_sheet

THEME = TARGET / "css" / "core-theme.css"


def declared(sheet: str) -> set[str]:
    return set(re.findall(r"(--[A-Za-z0-9_-]+):", sheet))


def test_every_token_of_the_sheet_exists_in_the_design_system() -> None:
    assert declared(render_sheet("#0b5a8f")) - declared(THEME.read_text()) == set()


def test_the_sheet_reaches_the_pseudo_elements_that_the_theme_sets() -> None:
    # A ticked box is drawn by ::before, which has the theme's own tokens, not the root's.
    selectors = THEME.read_text().split("{")[0].strip().split(",")
    mine = render_sheet("#0b5a8f").split("{")[0].strip().split(",")
    assert {part.strip() for part in mine} == {part.strip() for part in selectors}
