"""Heads in a folder: one file for each chain, one line for each head."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from core.audit.heads.statement import Head


class FolderOfHeads:
    """For a machine of one's own; a folder on the database's machine keeps nobody out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.place = str(folder)

    def keep(self, head: Head) -> None:
        """Append a line, which is on the disk when this returns."""
        self._folder.mkdir(parents=True, exist_ok=True)
        line = f"{head.signed()}\n".encode()
        file = os.open(self._path(head.chain), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        try:
            os.write(file, line)
            os.fsync(file)
        finally:
            os.close(file)

    def heads_of(self, chain: UUID) -> Iterator[Head]:
        """Yield the heads of a chain, by position."""
        path = self._path(chain)
        if not path.exists():
            return
        heads = [Head.read(line) for line in path.read_text().splitlines() if line.strip()]
        yield from sorted(heads, key=lambda head: head.position)

    def confirms(self, head: Head) -> bool:
        """Tell whether a head was signed here: those that were not are not read."""
        return head in set(self.heads_of(head.chain))

    def chains(self) -> set[UUID]:
        """Return the chains that have heads here."""
        return {UUID(path.stem) for path in self._folder.glob("*.jsonl")}

    def _path(self, chain: UUID) -> Path:
        return self._folder / f"{chain}.jsonl"
