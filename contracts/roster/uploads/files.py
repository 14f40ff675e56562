"""A roster file as it lies in the contract's schema: sealed pieces, read one after the other.

What comes in is CSV, plain or compressed by gzip. How large it may be stands in the settings, for
the file and for what it inflates to, and is looked at while it is read.
"""

import gzip
import hashlib
import io
import zlib
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from django.conf import settings

from contracts.roster.models import RosterUpload, UploadPart
from core.common.crypto import seal, unseal
from core.common.tables import TableFileError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PART_BYTES: Final = 1024 * 1024
"""Size of every piece but the last: a request of it stays below what a form may have."""
_SEAL: Final = "roster.upload"
_GZIP: Final = b"\x1f\x8b"
_ARCHIVE: Final = b"PK"
_BUFFER: Final = 256 * 1024


def largest_file() -> int:
    """Return how many bytes a roster file may have."""
    return int(settings.PORTAL_LARGEST_ROSTER)


def count_parts(size: int) -> int:
    """Return in how many pieces a file of that size is sent."""
    return -(-size // PART_BYTES)


def part_size(size: int, number: int) -> int:
    """Return how many bytes a piece of such a file has; pieces are numbered from 0."""
    return min(PART_BYTES, size - number * PART_BYTES)


def sealed_part(upload: RosterUpload, number: int, content: bytes) -> UploadPart:
    """Return a piece as it is stored, not saved."""
    return UploadPart(
        upload=upload,
        number=number,
        size=len(content),
        digest=hashlib.sha256(content).hexdigest(),
        sealed=seal(_SEAL, content, str(upload.id), str(number)),
    )


class StoredFile(io.RawIOBase):
    """The pieces of an upload as one file, read from its beginning; one piece is held at a time.

    `digest` is of what was read so far, `bytes_read` how much that is.
    """

    def __init__(self, upload: RosterUpload) -> None:
        super().__init__()
        self.bytes_read = 0
        self._upload = upload
        self._digest = hashlib.sha256()
        self._next = 0
        self._piece = memoryview(b"")

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill a buffer from the present piece; 0 at the end."""
        if not self._piece:
            self._piece = memoryview(self._load())
        target = memoryview(buffer).cast("B")
        count = min(len(target), len(self._piece))
        target[:count] = self._piece[:count]
        self._piece = self._piece[count:]
        self.bytes_read += count
        return count

    def digest_of_all(self) -> str:
        """Read what is left, and return the SHA-256 of the whole file in hexadecimal."""
        while self.read(_BUFFER):
            pass
        return self._digest.hexdigest()

    def _load(self) -> bytes:
        if self._next >= count_parts(self._upload.size):
            return b""
        part = self._upload.parts.get(number=self._next)
        content = unseal(_SEAL, bytes(part.sealed), str(self._upload.id), str(self._next))
        self._digest.update(content)
        self._next += 1
        return content


def opened(stored: StoredFile) -> BinaryIO:
    """Return the values of a stored file: as they are, or inflated on the way.

    Raises TableFileError for what is no text: an archive or a workbook. Reading raises it for what
    inflates to more than a roster may have, and for a damaged file.
    """
    buffered = io.BufferedReader(stored, _BUFFER)
    beginning = buffered.peek(len(_GZIP))[: len(_GZIP)]
    if beginning == _ARCHIVE:
        raise TableFileError(
            "This is a ZIP archive or an Excel workbook. Send the CSV file itself: from Excel, "
            "save as CSV UTF-8; from an archive, unpack it first. A .csv.gz is taken, too."
        )
    inflating = beginning == _GZIP
    raw = _Limited(gzip.GzipFile(fileobj=buffered) if inflating else cast("BinaryIO", buffered))
    return cast("BinaryIO", io.BufferedReader(raw, _BUFFER))


class _Limited(io.RawIOBase):
    """What comes out of a file, up to what a roster may have."""

    def __init__(self, source: gzip.GzipFile | BinaryIO) -> None:
        super().__init__()
        self._source = source
        self._left = int(settings.PORTAL_LARGEST_ROSTER_INFLATED)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        try:
            count = self._source.readinto(buffer) or 0  # type: ignore[union-attr]
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise TableFileError("The compressed file is damaged. Send it again.") from error
        self._left -= count
        if self._left < 0:
            most = int(settings.PORTAL_LARGEST_ROSTER_INFLATED) // 1_000_000
            raise TableFileError(f"The file inflates to more than {most:,} MB. No roster does.")
        return count
