"""Lists of passwords that may not be chosen, as files of hashes: nothing is loaded to look in them.

The form is that of the public Pwned Passwords: a line for each password, its SHA-1 in upper-case
hexadecimal, perhaps with how often it was seen (`:42`), sorted by hash. Looking reads a few hundred
bytes from some thirty places of the file, by the system's own page cache: the process keeps none of
it, and a list may be larger than its memory.
"""

import hashlib
import os
import re
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HASH_LENGTH: Final = 40
_LONGEST_LINE: Final = 64
_READ_AT_ONCE: Final = 2048
_LINE: Final = re.compile(rb"[0-9A-F]{40}(?::\d{1,19})?\r?\n?")


class HashListError(Exception):
    """A file is no list of hashes; the message says where and why."""


class HashList:
    """One list in a file that stays open. Safe for threads, and across a fork: it has no place."""

    def __init__(self, path: Path) -> None:
        """Open a list. Raises HashListError for what cannot be read or begins otherwise."""
        self.path = path
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise HashListError(f"{path} cannot be read: {error.strerror}") from error
        weakref.finalize(self, os.close, self._file)
        self._size = os.fstat(self._file).st_size
        begin = self._read(0, _LONGEST_LINE).split(b"\n")[0]
        if not _LINE.fullmatch(begin):
            raise HashListError(f"{path} does not begin with an upper-case SHA-1 hash.")

    def __contains__(self, password: str) -> bool:
        """Tell whether a password is on the list, as it is typed."""
        return self.has_hash(hash_of(password))

    def has_hash(self, wanted: bytes) -> bool:
        """Tell whether a hash is on the list, by halving where it can stand."""
        begin, end = 0, self._size  # `begin` is where a line begins
        while end - begin > _READ_AT_ONCE:
            middle = (begin + end) // 2
            _, _, rest = self._read(middle, 2 * _LONGEST_LINE).partition(b"\n")
            line = middle + 2 * _LONGEST_LINE - len(rest)
            if rest[:HASH_LENGTH] <= wanted:
                begin = line
            else:
                end = line
        lines = self._read(begin, end - begin).split(b"\n")
        return any(line[:HASH_LENGTH] == wanted for line in lines)

    def _read(self, place: int, length: int) -> bytes:
        return os.pread(self._file, length, place)


@dataclass(frozen=True)
class ListFacts:
    """What a list holds."""

    passwords: int
    size: int


def hash_of(password: str) -> bytes:
    """Return what stands for a password in the lists; it is no protection of anything."""
    digest = hashlib.sha1(password.encode(), usedforsecurity=False)
    return digest.hexdigest().upper().encode()


def check_list(path: Path) -> ListFacts:
    """Read a whole list. Raises HashListError at the first line that is none or out of order."""
    former, number = b"", 0
    HashList(path)
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not _LINE.fullmatch(line):
                raise HashListError(f"Line {number} is no upper-case SHA-1 hash with its count.")
            if line[:HASH_LENGTH] <= former:
                raise HashListError(f"Line {number} is not sorted, or stands there twice.")
            former = line[:HASH_LENGTH]
    return ListFacts(passwords=number, size=path.stat().st_size)


def write_list(path: Path, hashes: Iterable[bytes]) -> ListFacts:
    """Write sorted hashes as a list: whole or not at all. Raises HashListError out of order."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    path.parent.mkdir(parents=True, exist_ok=True)
    with unfinished.open("wb") as file:
        file.writelines(line + b"\n" for line in hashes)
    facts = check_list(unfinished)
    unfinished.replace(path)
    return facts


def hashes_of_passwords(passwords: Iterable[str]) -> list[bytes]:
    """Return the hashes of passwords in the order of a list, each once."""
    return sorted({hash_of(password) for password in passwords})


def hashes_of_ranges(folder: Path, *, at_least: int) -> Iterator[bytes]:
    """Return the hashes in a folder of ranges, as the service hands them out.

    One file for the first five digits of a hash, named by them, with a line for each rest. Left out
    is what was seen less than `at_least` times. Raises HashListError for a folder without ranges.
    """
    ranges = sorted(path for path in folder.iterdir() if re.fullmatch(r"[0-9A-F]{5}", path.stem))
    if not ranges:
        raise HashListError(f"{folder} holds no ranges, such as 00000.txt.")
    for path in ranges:
        prefix = path.stem.encode()
        yield from sorted(
            prefix + rest.strip()
            for rest in path.read_bytes().splitlines()
            if rest.strip() and seen_in(rest) >= at_least
        )


def hashes_seen_often(path: Path, *, at_least: int) -> Iterator[bytes]:
    """Return the lines of a list whose passwords were seen so often."""
    with path.open("rb") as lines:
        yield from (line.strip() for line in lines if seen_in(line) >= at_least)


def seen_in(line: bytes) -> int:
    """Return how often a line says that a password was seen; where it says nothing, once."""
    _, _, count = line.strip().partition(b":")
    return int(count) if count.isdigit() else 1
