"""The form of a code as a program writes it down: regular expressions that cannot run away.

Whoever configures a contract writes the pattern, and strangers write what it is compared with. One
such as `(A+)+` takes years over forty letters, so only a part of the language is allowed, in which
the work stays small whatever is typed.
"""

import re
from typing import Final

MOST_VARIABLE: Final = 3
"""Parts of changing length or choice in one pattern. Own figure: each multiplies the work by the
longest code at most, and no program's number was found that has more than one."""
_COUNT = r"(?:\{[0-9]{1,2}(?:,[0-9]{1,2})?\}|[?+*])"
_ONE = r"(?:\\d|[A-Z0-9]|\[(?:[A-Z0-9]-[A-Z0-9]|[A-Z0-9])+\])"
_FIXED = rf"(?:{_ONE}(?:\{{[0-9]{{1,2}}\}})?)"
_CHOICE = rf"\((?:\?:)?{_FIXED}+(?:\|{_FIXED}+)*\)\??"
_PART: Final = re.compile(rf"(?P<choice>{_CHOICE})|(?P<one>{_ONE})(?P<count>{_COUNT})?")


def check_pattern(value: str) -> str:
    """Return a pattern that is a regular expression within bounds. Raises ValueError otherwise.

    Allowed are capitals and digits, `\\d`, sets such as `[A-Z]`, how often each stands (`{9}`,
    `{6,10}`, `?`, `+`), a choice between fixed parts, `(?:MD|VA)`, and one between whole forms.
    """
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"The pattern is not a regular expression: {error}.") from error
    place = variable = most = 0
    while place < len(value):
        if value[place] == "|":  # another form of the whole code, tried after the first
            place, variable = place + 1, 0
            continue
        part = _PART.match(value, place)
        if part is None:
            raise ValueError(
                f"The pattern cannot be used from “{value[place : place + 12]}” on. Write "
                "capitals, digits, sets such as [A-Z], counts such as {9} or {6,10}, and choices "
                "such as (?:MD|VA)."
            )
        variable += _varies(part)
        most, place = max(most, variable), part.end()
    if most > MOST_VARIABLE:
        raise ValueError(
            f"The pattern has {most} parts of changing length or choice; {MOST_VARIABLE} is "
            "the most."
        )
    return value


def _varies(part: re.Match[str]) -> bool:
    if part["choice"]:
        return "|" in part["choice"] or part["choice"].endswith("?")
    count = part["count"] or ""
    return count in {"?", "+", "*"} or "," in count
