"""What a TOML text may not hold, found before `tomllib` reads it.

`tomllib` takes time by the square of the parts of a dotted key, and for every key below a header by
the parts of that: 16,000 parts keep a process busy for seconds (adr/0037). Lists and tables in each
other are read by functions that call each other. The scan goes once over the text, each sign once.
It need not find mistakes: where a text is no TOML, `tomllib` stops at the same place and says so.
"""

import re
from typing import Final

MOST_PARTS: Final = 10
"""Names of a dotted key or header. A document has four at most."""
MOST_DEEP: Final = 20
"""Lists and inline tables in each other. A document has three at most."""

_NAME: Final = r"[A-Za-z0-9_+:-]++"
_TOKEN: Final = re.compile(
    rf"""
      (?P<blank>[ \t]++)
    | (?P<dot>\.)
    | (?P<part>{_NAME}
        | \"\"\"(?:[^"\\]++|\\.|"(?!""))*+"{{3,5}}
        | '''(?:[^']++|'(?!''))*+'{{3,5}}
        | "(?!"")(?:[^"\\\n]++|\\.)*+"
        | '(?!'')[^'\n]*+')
    | (?P<open>[\[{{])
    | (?P<close>[\]}}])
    | (?P<between>[=,\n\r]|\#[^\n]*+)
    """,
    re.VERBOSE | re.DOTALL,
)


def find_excess(text: str) -> tuple[int, str] | None:
    """Return the line (from 1) and the sentence of what is too long or too deep; None: nothing."""
    at = dots = depth = 0
    while token := _TOKEN.match(text, at):
        kind, at = token.lastgroup, token.end()
        if kind in ("blank", "part"):
            continue
        dots = dots + 1 if kind == "dot" else 0
        depth += (kind == "open") - (kind == "close")
        if dots >= MOST_PARTS:
            return _line(text, at), f"A key has more than {MOST_PARTS} parts between its dots."
        if depth > MOST_DEEP:
            return _line(text, at), "The lists or tables are nested too deeply."
    return None


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
