"""Heads in S3 under Object Lock: nobody changes or deletes one before its time, not even we.

The bucket must have Object Lock switched on (docs/howto/keep-audit-heads.md). A head is an object
named by chain, position and digest, so that a listing alone says what was kept.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from core.audit.heads.statement import Head, HeadBrokenError
from core.common.crypto import constant_time_equal

_KEPT: Final = timedelta(days=6 * 366)
"""45 CFR 164.316(b)(2)(i): six years."""
_PREFIX: Final = "heads/"
_PATIENCE: Final = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 2})


class BucketOfHeads:
    """A bucket that versions and locks what is put into it."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._client: Any = boto3.client("s3", config=_PATIENCE)
        self.place = f"s3://{bucket}/{_PREFIX}"

    def keep(self, head: Head) -> None:
        """Put one object, locked until six years later. Raises OSError."""
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=_name(head),
                Body=head.signed().encode(),
                ContentType="application/json",
                ChecksumAlgorithm="SHA256",
                ObjectLockMode="COMPLIANCE",
                ObjectLockRetainUntilDate=head.at + _KEPT,
            )
        except (BotoCoreError, ClientError) as error:
            raise OSError(f"{self.place} took no head: {error}") from error

    def heads_of(self, chain: UUID) -> Iterator[Head]:
        """Yield the heads of a chain, by position, as their names say them (a request a thousand).

        All versions: a marker that hides an object deletes nothing.
        """
        for found in self._list(Prefix=f"{_PREFIX}{chain}/"):
            for one in found.get("Versions", ()):
                if head := _read(chain, one["Key"], one["LastModified"]):
                    yield head

    def confirms(self, head: Head) -> bool:
        """Tell whether a head of the listing was signed here: anybody who may can put an object."""
        try:
            versions = self._list(Prefix=_name(head))
            keys = [one["VersionId"] for found in versions for one in found.get("Versions", ())]
            return any(self._signed(head, version) for version in keys)
        except (BotoCoreError, ClientError) as error:
            raise OSError(f"{self.place} cannot be read: {error}") from error

    def _signed(self, head: Head, version: str) -> bool:
        answer = self._client.get_object(Bucket=self._bucket, Key=_name(head), VersionId=version)
        try:
            found = Head.read(answer["Body"].read(10_000).decode())
        except (HeadBrokenError, UnicodeDecodeError):
            return False
        is_there = (found.chain, found.position) == (head.chain, head.position)
        return is_there and constant_time_equal(found.digest, head.digest)

    def chains(self) -> set[UUID]:
        """Return the chains that have heads here."""
        return {
            UUID(one["Prefix"].removeprefix(_PREFIX).rstrip("/"))
            for found in self._list(Prefix=_PREFIX, Delimiter="/")
            for one in found.get("CommonPrefixes", ())
        }

    def _list(self, **asked: str) -> Iterator[dict[str, Any]]:
        try:
            pages = self._client.get_paginator("list_object_versions")
            yield from pages.paginate(Bucket=self._bucket, **asked)
        except (BotoCoreError, ClientError) as error:
            raise OSError(f"{self.place} cannot be read: {error}") from error


def _name(head: Head) -> str:
    return f"{_PREFIX}{head.chain}/{head.position:020d}-{head.digest.hex()}.json"


def _read(chain: UUID, key: str, at: datetime) -> Head | None:
    """Return the head that a name says; None for what somebody else has put there."""
    position, _, digest = key.rpartition("/")[2].removesuffix(".json").partition("-")
    try:
        return Head(chain, int(position), bytes.fromhex(digest), at)
    except ValueError:
        return None
