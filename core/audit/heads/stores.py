"""Where heads are kept: in S3 under Object Lock where configured, else in a folder."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

from django.conf import settings

from core.audit.heads.files import FolderOfHeads
from core.audit.heads.s3 import BucketOfHeads
from core.audit.heads.statement import Head


class HeadStore(Protocol):
    """Keeps heads and never changes one."""

    place: str
    """Where it is, for people."""

    def keep(self, head: Head) -> None:
        """Keep a head; the same one once more changes nothing. Raises OSError when it cannot."""

    def heads_of(self, chain: UUID) -> Iterator[Head]:
        """Yield the heads of a chain, by position. Raises OSError and HeadBrokenError."""

    def confirms(self, head: Head) -> bool:
        """Tell whether a head that was found here was signed by this deployment. Raises OSError."""

    def chains(self) -> set[UUID]:
        """Return the chains that have heads here. Raises OSError."""


NOWHERE: Final = "nowhere"


class _Nowhere:
    """Where nothing is configured: a chain that is cut off at its end is not found out."""

    place = NOWHERE

    def keep(self, head: Head) -> None:
        """Keep nothing."""

    def heads_of(self, chain: UUID) -> Iterator[Head]:
        """Yield nothing."""
        yield from ()

    def confirms(self, head: Head) -> bool:
        """Know nothing."""
        return False

    def chains(self) -> set[UUID]:
        """Know nothing."""
        return set()


def head_store() -> HeadStore:
    """Return the store of this deployment."""
    if settings.AUDIT_HEADS_BUCKET:
        return _bucket(settings.AUDIT_HEADS_BUCKET)
    if settings.AUDIT_HEADS_FOLDER:
        return FolderOfHeads(Path(settings.AUDIT_HEADS_FOLDER))
    return _Nowhere()


@cache
def _bucket(name: str) -> BucketOfHeads:
    return BucketOfHeads(name)
