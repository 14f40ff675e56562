"""Seven tones from one colour, readable whatever the colour."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.configuration.brand import (
    TEXT_CONTRAST,
    WHITE,
    Tones,
    _luminance,
    _to_hex,
    _to_oklch,
    contrast,
    make_tones,
)
from tests.unit.configuration.documents import PROGRAMS, sample

colors = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(colors)
def test_whatever_the_colour_the_tones_can_be_read(color: str) -> None:
    assert make_tones(color).contrast_failures() == ()


@given(colors)
def test_the_tones_go_from_light_to_dark(color: str) -> None:
    tones = make_tones(color)
    order = [tones.lightest, tones.lighter, tones.light, tones.base]
    order += [tones.dark, tones.darker, tones.darkest]
    luminances = [_luminance(tone) for tone in order]
    assert luminances == sorted(luminances, reverse=True)


@given(colors)
def test_a_colour_survives_the_way_through_oklch(color: str) -> None:
    assert _to_hex(_to_oklch(color)) == color


def test_a_readable_colour_is_kept_as_it_is() -> None:
    assert make_tones("#0b5c8f").base == "#0b5c8f"
    assert make_tones("#0B5C8F").base == "#0b5c8f"


def test_a_colour_too_light_for_white_text_is_darkened_and_keeps_its_hue() -> None:
    assert contrast("#ffd200", WHITE) < TEXT_CONTRAST
    base = make_tones("#ffd200").base
    assert contrast(base, WHITE) >= TEXT_CONTRAST
    assert abs(_to_oklch(base)[2] - _to_oklch("#ffd200")[2]) < 0.15


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#ffffff", "#ffffff", 1.0)],
)
def test_contrast_is_the_one_that_wcag_defines(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)
    assert contrast(other, one) == contrast(one, other)


def test_tones_that_cannot_be_read_are_named() -> None:
    grey = "#999999"
    failures = Tones(grey, grey, grey, grey, grey, grey, grey).contrast_failures()
    assert any("White text on the brand color" in failure for failure in failures)


def test_the_tones_are_the_design_systems_seven_properties() -> None:
    properties = make_tones("#0b5c8f").custom_properties()
    assert len(properties) == 7
    assert properties["--color-primary"] == "#0b5c8f"
    assert "--color-primary-darkest" in properties


def test_each_organization_has_a_colour_of_its_own() -> None:
    brands = [sample(path.stem).brand for path in PROGRAMS]
    by_organization = {brand.organization: brand.color for brand in brands}
    assert len(set(by_organization.values())) == len(by_organization) >= 3
