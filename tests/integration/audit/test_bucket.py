"""Heads in S3 under Object Lock, against moto."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from core.audit.heads.s3 import BucketOfHeads
from core.audit.heads.statement import Head
from core.common import clock
from tests.integration.audit.conftest import ONE, OTHER

BUCKET = "heads-of-the-audit"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        made = boto3.client("s3")
        made.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
        yield made


def head(position: int, digest: bytes = bytes(32)) -> Head:
    return Head(ONE, position, digest, clock.now())


def test_heads_are_kept_locked_and_found_by_their_names(client: Any) -> None:
    store = BucketOfHeads(BUCKET)
    for position in (10, 9, 100):
        store.keep(head(position))
    assert [one.position for one in store.heads_of(ONE)] == [9, 10, 100]
    assert list(store.heads_of(OTHER)) == []
    assert store.chains() == {ONE}
    assert all(store.confirms(one) for one in store.heads_of(ONE))
    (name, *_) = [one["Key"] for one in client.list_objects_v2(Bucket=BUCKET)["Contents"]]
    kept = client.head_object(Bucket=BUCKET, Key=name)
    assert kept["ObjectLockMode"] == "COMPLIANCE"
    assert kept["ObjectLockRetainUntilDate"] > clock.now() + timedelta(days=6 * 365)


def test_a_head_that_was_hidden_is_found(client: Any) -> None:
    """Who may delete puts a marker before a locked object; its version stays."""
    store = BucketOfHeads(BUCKET)
    store.keep(head(7))
    (name,) = [one["Key"] for one in client.list_objects_v2(Bucket=BUCKET)["Contents"]]
    client.delete_object(Bucket=BUCKET, Key=name)
    assert "Contents" not in client.list_objects_v2(Bucket=BUCKET)
    (found,) = store.heads_of(ONE)
    assert found.position == 7
    assert store.confirms(found)


def test_what_somebody_else_puts_there_counts_for_nothing(client: Any) -> None:
    store = BucketOfHeads(BUCKET)
    name = f"heads/{ONE}/{5:020d}-{'ab' * 32}.json"
    for body in (b"", b"\xff", head(5).signed().encode()):  # the last one's digest is another
        client.put_object(Bucket=BUCKET, Key=name, Body=body)
    client.put_object(Bucket=BUCKET, Key=f"heads/{ONE}/notes.txt", Body=b"no head")
    found = list(store.heads_of(ONE))
    assert {one.position for one in found} == {5}
    assert not any(store.confirms(one) for one in found)


def test_a_bucket_that_does_not_answer_says_so(client: Any) -> None:
    store = BucketOfHeads("nobodys-bucket")
    for act in (
        lambda: store.keep(head(1)),
        lambda: list(store.heads_of(ONE)),
        store.chains,
        lambda: store.confirms(head(1)),
    ):
        with pytest.raises(OSError, match="nobodys-bucket") as refused:
            act()
        assert isinstance(refused.value.__cause__, ClientError)
