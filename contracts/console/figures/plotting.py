"""A plot of figures over time as points of an SVG: drawn here, shown without any script."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from contracts.console.models import DailyFigures

WIDTH: Final = 640
HEIGHT: Final = 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 16, 36
_STEPS: Final = 4


@dataclass(frozen=True)
class Line:
    """One row of numbers: its name, the points of its line, and where its last point lies."""

    key: str
    label: str
    points: str
    last_x: float
    last_y: float


@dataclass(frozen=True)
class Tick:
    """A mark on an axis."""

    place: float
    label: str


@dataclass(frozen=True)
class Plot:
    """Everything that the template draws."""

    lines: Sequence[Line]
    rungs: Sequence[Tick]
    days: Sequence[Tick]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    bottom: int = HEIGHT - _BOTTOM


def draw(figures: Sequence[DailyFigures]) -> Plot | None:
    """Return the plot of some days in their order; None with fewer than two of them."""
    if len(figures) < 2:
        return None
    first, last = figures[0].on, figures[-1].on
    top = _ceiling(max(max(one.registered, one.users) for one in figures))
    named = (("registered", "Registered entries"), ("users", "Users"))
    return Plot(
        lines=[_line(key, label, figures, top) for key, label in named],
        rungs=[
            Tick(_y(top * step // _STEPS, top), f"{top * step // _STEPS:,}")
            for step in range(_STEPS + 1)
        ],
        days=[Tick(_x(day, first, last), f"{day:%b %-d, %Y}") for day in (first, last)],
    )


def _line(key: str, label: str, figures: Sequence[DailyFigures], top: int) -> Line:
    first, last = figures[0].on, figures[-1].on
    places = [(_x(one.on, first, last), _y(getattr(one, key), top)) for one in figures]
    return Line(key, label, " ".join(f"{x},{y}" for x, y in places), *places[-1])


def _x(day: date, first: date, last: date) -> float:
    share = (day - first).days / max((last - first).days, 1)
    return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)


def _y(number: int, top: int) -> float:
    return round(HEIGHT - _BOTTOM - number / top * (HEIGHT - _TOP - _BOTTOM), 1)


def _ceiling(highest: int) -> int:
    """Return a round number at or above the highest, of which a quarter is whole."""
    tens = 1
    while 8 * tens < highest:
        tens *= 10
    return 4 * tens if highest <= 4 * tens else 8 * tens
