"""An export's file as it lies in the database: sealed pieces, written and read one after the other.

While the file is made, one long transaction holds the moment that it tells of. The pieces, and how
far it is, go through a connection of their own, so that others see them at once (adr/0044).
"""

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from hashlib import sha256
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from django.db import connection, transaction

from contracts.console.models import DataExport, DataExportPiece, ExportState
from core.common.crypto import seal, unseal
from tenants.context import contract_context

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

PIECE_BYTES: Final = 1 << 20
_SEAL: Final = "console.data-export"

Clock = Callable[[], datetime]


class ExportLostError(Exception):
    """The export was deleted meanwhile, or another worker has it."""


class SealedFile(io.RawIOBase):
    """Takes a file from its beginning to its end; one piece is held at a time.

    A `with` block has the connection that the pieces go through. Raises ExportLostError at the
    first piece that comes too late.
    """

    def __init__(self, export: DataExport, *, clock: Clock) -> None:
        super().__init__()
        self._export, self._clock = export, clock
        self._held, self._digest = bytearray(), sha256()
        self._size = self._pieces = self._tables = self._rows = 0
        self._beside = ThreadPoolExecutor(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._beside.submit(_hang_up).result()
        self._beside.shutdown()

    def writable(self) -> bool:
        """Tell that it can be written."""
        return True

    def write(self, block: "ReadableBuffer", /) -> int:
        """Take some bytes; whole pieces are stored at once."""
        given = bytes(block)
        self._digest.update(given)
        self._held += given
        while len(self._held) >= PIECE_BYTES:
            self._store(bytes(self._held[:PIECE_BYTES]))
            del self._held[:PIECE_BYTES]
        return len(given)

    def tell_table(self, _label: str, rows: int) -> None:
        """Say that another table is written."""
        self._tables += 1
        self._rows += rows
        self._change()

    def finish(self, then: Callable[[], object]) -> None:
        """Store what is left, and make the export ready with what `then` writes, or neither."""
        if self._held:
            self._store(bytes(self._held))
        self._change(
            then=then,
            state=ExportState.READY,
            sha256=self._digest.hexdigest(),
            ready_at=self._clock(),
        )

    def _store(self, content: bytes) -> None:
        number, self._pieces = self._pieces, self._pieces + 1
        self._size += len(content)
        piece = DataExportPiece(
            export=self._export,
            number=number,
            sealed=seal(_SEAL, content, str(self._export.id), str(number)),
        )
        self._change(then=piece.save)

    def _change(self, *, then: Callable[[], object] | None = None, **fields: Any) -> None:
        known = {"tables": self._tables, "rows": self._rows, "size": self._size}
        self._beside.submit(self._change_beside, then, {**known, **fields}).result()

    def _change_beside(self, then: Callable[[], object] | None, fields: dict[str, Any]) -> None:
        with contract_context(None), transaction.atomic():
            # Not waiting: a deletion that holds the row may wait for the tables that are read.
            mine = DataExport.objects.filter(
                pk=self._export.pk, state=ExportState.WORKING, runs=self._export.runs
            ).select_for_update(skip_locked=True)
            found = mine.first()
            if found is None:
                raise ExportLostError
            DataExport.objects.filter(pk=found.pk).update(moved_at=self._clock(), **fields)
            if then is not None:
                then()


def _hang_up() -> None:
    """Close the connection of the thread that this runs in; as an attribute it is the caller's."""
    connection.close()


def read_pieces(export: DataExport) -> Iterator[bytes]:
    """Yield the file piece by piece. One that is deleted meanwhile ends in ExportLostError."""
    read = 0
    while read < export.size:
        number = read // PIECE_BYTES
        with contract_context(None):
            piece = DataExportPiece.objects.filter(export=export.pk, number=number).first()
        if piece is None:
            raise ExportLostError
        content = unseal(_SEAL, bytes(piece.sealed), str(export.pk), str(number))
        read += len(content)
        yield content
