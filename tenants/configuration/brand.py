"""Seven tones from one colour: what a contract's pages are painted with.

The tones keep the colour's hue and differ in lightness, computed in OKLCH, where equal steps look
equal. Text must be readable on them: the base tone is darkened until white text on it, and it as
text on the lightest tone, reach the contrast that WCAG 2.2 asks for (1.4.3: 4.5 to 1).
Conversion matrices: Björn Ottosson, "A perceptual color space for image processing" (2020).
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

TEXT_CONTRAST: Final = 4.5
"""WCAG 2.2, 1.4.3: contrast of normal text."""
STRONG_CONTRAST: Final = 7.0
"""WCAG 2.2, 1.4.6: what the dark tones reach on white and on the lightest tone."""

WHITE: Final = "#ffffff"
BLACK: Final = "#000000"
_LIGHT_TONES: Final = {"lightest": (0.965, 0.16), "lighter": (0.90, 0.34), "light": (0.76, 0.62)}
"""Lightness, and the share of the base colour's chroma."""
_DARK_TONES: Final = {"dark": 0.80, "darker": 0.62, "darkest": 0.46}
"""Share of the base tone's lightness."""
_STEP: Final = 0.005

Oklch = tuple[float, float, float]
"""Lightness 0 to 1, chroma from 0, hue in radians."""


@dataclass(frozen=True)
class Tones:
    """The tones of one brand colour, each as #rrggbb."""

    lightest: str
    lighter: str
    light: str
    base: str
    dark: str
    darker: str
    darkest: str

    def custom_properties(self) -> dict[str, str]:
        """Return the design system's custom properties that these tones replace."""
        return {
            "--color-primary-lightest": self.lightest,
            "--color-primary-lighter": self.lighter,
            "--color-primary-light": self.light,
            "--color-primary": self.base,
            "--color-primary-dark": self.dark,
            "--color-primary-darker": self.darker,
            "--color-primary-darkest": self.darkest,
        }

    def contrasts(self) -> tuple["Contrast", ...]:
        """Return every pair of tones that the pages use for text, with what it reaches."""
        return (
            Contrast("White text on the brand color", WHITE, self.base, TEXT_CONTRAST),
            Contrast(
                "The brand color as text on its lightest tone",
                self.base,
                self.lightest,
                TEXT_CONTRAST,
            ),
            Contrast("White text on the dark tone", WHITE, self.dark, TEXT_CONTRAST),
            Contrast(
                "The darker tone as text on the lighter one",
                self.darker,
                self.lighter,
                TEXT_CONTRAST,
            ),
            Contrast("The darkest tone as text on white", self.darkest, WHITE, STRONG_CONTRAST),
        )

    def contrast_failures(self) -> tuple[str, ...]:
        """Return a sentence for every pair of tones that the pages use and nobody could read."""
        return tuple(
            f"{one.use} has a contrast of {one.found:.2f} to 1 instead of {one.needed} to 1"
            for one in self.contrasts()
            if not one.is_enough
        )


@dataclass(frozen=True)
class Contrast:
    """Text of one colour on another, where it is used, and the contrast that it needs there."""

    use: str
    text: str
    ground: str
    needed: float

    @property
    def found(self) -> float:
        """Return the contrast ratio, from 1 to 21."""
        return contrast(self.text, self.ground)

    @property
    def is_enough(self) -> bool:
        """Tell whether the text can be read."""
        return self.found >= self.needed


@lru_cache(maxsize=512)
def make_tones(color: str) -> Tones:
    """Return the tones of a colour given as #rrggbb.

    The base tone is the colour itself where text on it can be read, and otherwise the lightest
    colour of the same hue on which it can.
    """
    lightness, chroma, hue = _to_oklch(color)
    lights = {
        name: _to_hex((light, min(chroma, 0.2) * share, hue))
        for name, (light, share) in _LIGHT_TONES.items()
    }
    base = color.lower()
    while not _is_readable(base, lights["lightest"]):
        lightness -= _STEP
        base = _to_hex((lightness, chroma, hue))
    darks = {
        name: _to_hex((lightness * share, chroma * share, hue))
        for name, share in _DARK_TONES.items()
    }
    return Tones(base=base, **lights, **darks)


def readable_on(color: str) -> str:
    """Return white or black, whichever contrasts more with a colour `#rrggbb`.

    Relative luminance and contrast as WCAG 2.2 defines them; one of the two always reaches 4.5:1.
    """
    return max((WHITE, BLACK), key=lambda one: contrast(one, color))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 (none) to 21 (black on white), per WCAG."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _is_readable(base: str, lightest: str) -> bool:
    return contrast(WHITE, base) >= TEXT_CONTRAST and contrast(base, lightest) >= TEXT_CONTRAST


def _channels(color: str) -> tuple[float, float, float]:
    red, green, blue = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue


def _to_linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _from_linear(channel: float) -> float:
    return channel * 12.92 if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


def _luminance(color: str) -> float:
    red, green, blue = (_to_linear(channel) for channel in _channels(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _to_oklch(color: str) -> Oklch:
    red, green, blue = (_to_linear(channel) for channel in _channels(color))
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    green_red = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    blue_yellow = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return lightness, math.hypot(green_red, blue_yellow), math.atan2(blue_yellow, green_red)


def _to_linear_rgb(color: Oklch) -> tuple[float, float, float]:
    lightness, chroma, hue = color
    green_red, blue_yellow = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * green_red + 0.2158037573 * blue_yellow) ** 3
    medium = (lightness - 0.1055613458 * green_red - 0.0638541728 * blue_yellow) ** 3
    short = (lightness - 0.0894841775 * green_red - 1.2914855480 * blue_yellow) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _to_hex(color: Oklch) -> str:
    """The closest displayable colour of the same hue and lightness: chroma gives way."""
    lightness, chroma, hue = color
    while chroma > 0 and not _is_displayable(_to_linear_rgb((lightness, chroma, hue))):
        chroma = max(0.0, chroma - _STEP)
    channels = (min(1.0, max(0.0, part)) for part in _to_linear_rgb((lightness, chroma, hue)))
    return "#" + "".join(f"{round(_from_linear(channel) * 255):02x}" for channel in channels)


def _is_displayable(channels: tuple[float, float, float]) -> bool:
    slack = 0.0005  # less than one step of eight bits
    return all(-slack <= channel <= 1 + slack for channel in channels)
