"""What the buttons beside the rows of a list do, to what is typed: nothing else is touched."""

from collections.abc import Mapping, Sequence
from typing import Final

from contracts.console.sections.nodes import MOST_ROWS, About, Rows, Typed, rows_of
from contracts.console.sections.reading import section_node
from contracts.console.sections.words import offered

_TOO_LONG: Final = (
    f"There are {{count}}, and a form shows {MOST_ROWS} of them. Nothing of it can be saved here: "
    "change the whole document as TOML."
)
ACTS: Final = ("add", "remove", "up", "down")


def act_on_rows(name: str, typed: Typed, act: str) -> dict[str, Sequence[str]] | None:
    """Return what is typed after an act such as `up support 2`; None for no act of ours.

    What does not exist any more is left as it is, and so is a list that is too long to be shown.
    """
    verb, _, rest = act.partition(" ")
    at, _, row = rest.partition(" ")
    if verb not in ACTS or not isinstance(
        dict(section_node(name).inputs(typed, name)).get(at), Rows
    ):
        return None
    if verb == "add":
        return with_row(name, typed, at, {})
    rows = rows_of(typed, at)
    if row in rows and len(rows) <= MOST_ROWS:
        place = rows.index(row)
        rows.pop(place)
        if verb != "remove":
            rows.insert(max(0, place + (1 if verb == "down" else -1)), row)
    return {**typed, at: rows}


def full_lists(name: str, typed: Typed, act: str = "") -> list[tuple[str, str]]:
    """Return (input, sentence) for each list that has no room for what a page or an act needs."""
    lists = [at for at, node in section_node(name).inputs(typed, name) if isinstance(node, Rows)]
    counts = {at: len(rows_of(typed, at)) for at in lists}
    said = {at: _TOO_LONG.format(count=count) for at, count in counts.items() if count > MOST_ROWS}
    at = act.removeprefix("add ")
    if at != act and counts.get(at) == MOST_ROWS:
        said[at] = f"There are {MOST_ROWS} already, and there is no room for more."
    return list(said.items())


def with_waiver(name: str, typed: Typed, rule: str) -> dict[str, Sequence[str]]:
    """Return the waivers as they are typed, with a row more for a rule that has none yet."""
    has_one = any(rule in typed.get(f"{name}-{row}-rule", ()) for row in rows_of(typed, name))
    if name != "waivers" or has_one or rule not in dict(offered(About("waivers.rule"))):
        return dict(typed)
    return with_row(name, typed, name, {"rule": rule})


def with_row(name: str, typed: Typed, at: str, said: Mapping[str, str]) -> dict[str, Sequence[str]]:
    """Return what is typed with a row more, which says its defaults and what is given."""
    node = dict(section_node(name).inputs(typed, name))[at]
    rows = rows_of(typed, at)
    if not isinstance(node, Rows) or len(rows) >= MOST_ROWS:
        return dict(typed)
    new = str(max((int(row) for row in rows), default=-1) + 1)
    added = dict(node.item.typed(dict(said), f"{at}-{new}"))
    return {**typed, **added, at: [*rows, new]}
