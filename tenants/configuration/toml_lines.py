"""On which line of a TOML text each key stands.

`tomllib` reads the values but forgets where they were; who mends a document needs the line.
The scanner runs over text that `tomllib` has accepted, so it need not find mistakes.
"""

import re
from collections.abc import Mapping
from typing import Final

Path = tuple[str | int, ...]
"""The way to a value: keys of tables and places in lists."""

_BLANK: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_KEY_PART: Final = re.compile(
    r"""[ \t]*(?:"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)'|([A-Za-z0-9_-]+))[ \t]*"""
)
_STRINGS: Final = (
    re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}(?!")', re.DOTALL),
    re.compile(r"'''.*?'{3,5}(?!')", re.DOTALL),
    re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    re.compile(r"'[^'\n]*'"),
)
_PLAIN: Final = re.compile(r"[^,\]}\n#]+")


def index_lines(text: str) -> Mapping[Path, int]:
    """Return the line (from 1) of every table, key and list item of a valid TOML text."""
    return _Scanner(text).run()


def line_of(lines: Mapping[Path, int], path: Path) -> int:
    """Return the line of a value, or of the closest table around it that the text has."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.lines: dict[Path, int] = {}
        self.list_lengths: dict[Path, int] = {}

    def run(self) -> Mapping[Path, int]:
        table: Path = ()
        self._skip(_BLANK)
        while self.at < len(self.text):
            if self.text.startswith("[", self.at):
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)
        return self.lines

    def _move(self, end: int) -> None:
        self.line += self.text.count("\n", self.at, end)
        self.at = end

    def _skip(self, pattern: re.Pattern[str]) -> None:
        if found := pattern.match(self.text, self.at):
            self._move(found.end())

    def _key(self) -> Path:
        parts: list[str | int] = []
        while found := _KEY_PART.match(self.text, self.at):
            parts.append(next(group for group in found.groups() if group is not None))
            self._move(found.end())
            if not self.text.startswith(".", self.at):
                break
            self._move(self.at + 1)
        return tuple(parts)

    def _header(self) -> Path:
        brackets = 2 if self.text.startswith("[[", self.at) else 1
        self._move(self.at + brackets)
        key = self._key()
        self._move(self.at + brackets)
        path: Path = ()
        for place, part in enumerate(key):
            path = (*path, part)
            last = place == len(key) - 1
            if last and brackets == 2:
                self.lines.setdefault(path, self.line)
                self.list_lengths[path] = self.list_lengths.get(path, 0) + 1
            if path in self.list_lengths:
                path = (*path, self.list_lengths[path] - 1)
            self.lines.setdefault(path, self.line)
        return path

    def _pair(self, table: Path) -> None:
        line = self.line
        key = self._key()
        if not key:  # cannot happen in valid text; never loop on the same place
            self._move(len(self.text))
            return
        for length in range(1, len(key) + 1):
            self.lines.setdefault((*table, *key[:length]), line)
        self._move(self.at + 1)  # the equals sign
        self._value((*table, *key))

    def _value(self, path: Path) -> None:
        self._skip(_BLANK)
        opening = self.text[self.at : self.at + 1]
        if opening == "[":
            self._list(path)
        elif opening == "{":
            self._inline_table(path)
        else:
            for pattern in (*_STRINGS, _PLAIN):
                if found := pattern.match(self.text, self.at):
                    self._move(found.end())
                    return

    def _list(self, path: Path) -> None:
        self._move(self.at + 1)
        place = 0
        self._skip(_BLANK)
        while self.at < len(self.text) and not self.text.startswith("]", self.at):
            self.lines[(*path, place)] = self.line
            self._value((*path, place))
            place += 1
            self._after_item()
        self._move(min(self.at + 1, len(self.text)))

    def _inline_table(self, path: Path) -> None:
        self._move(self.at + 1)
        self._skip(_BLANK)
        while self.at < len(self.text) and not self.text.startswith("}", self.at):
            self._pair(path)
            self._after_item()
        self._move(min(self.at + 1, len(self.text)))

    def _after_item(self) -> None:
        self._skip(_BLANK)
        if self.text.startswith(",", self.at):
            self._move(self.at + 1)
            self._skip(_BLANK)
