"""Who has signed a notification, and with whose certificate."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from core.notifications.topic_notifications import (
    BadNotificationError,
    Notification,
    check_signature,
    read_notification,
)
from tests.support.topics import CERTIFICATE_URL, TOPIC, Signer, make_signer

AT = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def signer() -> Signer:
    return make_signer(begins=AT - timedelta(days=1))


def read(body: bytes, *, at: datetime = AT, topics: tuple[str, ...] = (TOPIC,)) -> Notification:
    return read_notification(body, topics=topics, at=at)


def changed(body: bytes, **fields: object) -> bytes:
    return json.dumps({**json.loads(body), **fields}).encode()


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("Notification", {}),
        ("Notification", {"Subject": "Amazon SES Email Event Notification"}),
        ("SubscriptionConfirmation", {"Token": "t", "SubscribeURL": "https://example.org/"}),
        ("UnsubscribeConfirmation", {"Token": "t", "SubscribeURL": "https://example.org/"}),
    ],
)
def test_what_sns_has_signed_is_accepted(signer: Signer, kind: str, fields: dict[str, str]) -> None:
    notification = read(signer.post(kind, at=AT, **fields))
    check_signature(notification, signer.pem, at=AT)
    assert (notification.kind, notification.topic) == (kind, TOPIC)


@pytest.mark.parametrize(
    "fields",
    [
        {"Message": '{"eventType": "Bounce"}'},
        {"MessageId": "another"},
        {"Subject": "added"},
        {"Subject": "\ud800"},
        {"Timestamp": "2026-05-04T12:00:01.000Z"},
    ],
)
def test_what_was_changed_on_the_way_is_refused(signer: Signer, fields: dict[str, str]) -> None:
    notification = read(changed(signer.post(at=AT), **fields))
    with pytest.raises(BadNotificationError, match="signature"):
        check_signature(notification, signer.pem, at=AT)


def test_another_key_than_that_of_the_certificate_is_refused(signer: Signer) -> None:
    other = make_signer(begins=AT - timedelta(days=1))
    with pytest.raises(BadNotificationError, match="signature"):
        check_signature(read(signer.post(at=AT)), other.pem, at=AT)


@pytest.mark.parametrize(
    "url",
    [
        CERTIFICATE_URL.replace("https", "http"),
        CERTIFICATE_URL.replace("sns.us-east-1.amazonaws.com", "sns.us-east-1.example.com"),
        CERTIFICATE_URL.replace("amazonaws.com", "amazonaws.com.example.com"),
        CERTIFICATE_URL.replace("sns.us-east-1", "evil.sns.us-east-1"),
        CERTIFICATE_URL.replace("sns.us-east-1", "sns.us-west-2"),
        CERTIFICATE_URL.replace("sns.us-east-1", "s3.us-east-1"),
        CERTIFICATE_URL.replace("https://", "https://user@"),
        CERTIFICATE_URL.replace(".com/", ".com:8443/"),
        CERTIFICATE_URL.replace("/Simple", "/bucket/Simple"),
        CERTIFICATE_URL + "?x=.pem",
        CERTIFICATE_URL + "\n",
        "https://example.com/#" + CERTIFICATE_URL,
        "",
    ],
)
def test_a_certificate_from_elsewhere_is_never_fetched(signer: Signer, url: str) -> None:
    """The naive way fetches whatever address the message names."""
    with pytest.raises(BadNotificationError, match="address of the certificate"):
        read(signer.post(at=AT, SigningCertURL=url))


@pytest.mark.parametrize("topics", [(), (TOPIC + "2",), (TOPIC[:-1],)])
def test_a_topic_that_is_not_named_is_refused(signer: Signer, topics: tuple[str, ...]) -> None:
    with pytest.raises(BadNotificationError, match="topic"):
        read(signer.post(at=AT), topics=topics)


@pytest.mark.parametrize("version", ["1", "3", "", None])
def test_signatures_over_sha1_are_refused(signer: Signer, version: str | None) -> None:
    with pytest.raises(BadNotificationError, match="version"):
        read(changed(signer.post(at=AT), SignatureVersion=version))


@pytest.mark.parametrize(
    ("seconds", "fresh"), [(0, True), (86_400, True), (86_401, False), (-300, True), (-301, False)]
)
def test_a_notification_is_good_for_a_day(signer: Signer, seconds: int, fresh: bool) -> None:
    body = signer.post(at=AT)
    moment = AT + timedelta(seconds=seconds)
    if fresh:
        assert read(body, at=moment).kind == "Notification"
        return
    with pytest.raises(BadNotificationError, match="fresh"):
        read(body, at=moment)


@pytest.mark.parametrize(("days", "in_force"), [(-2, False), (0, True), (29, False)])
def test_a_certificate_must_be_in_force(signer: Signer, days: int, in_force: bool) -> None:
    moment = AT + timedelta(days=days, seconds=1 if days > 0 else 0)
    notification = read(signer.post(at=moment), at=moment)
    if in_force:
        check_signature(notification, signer.pem, at=moment)
        return
    with pytest.raises(BadNotificationError, match="in force"):
        check_signature(notification, signer.pem, at=moment)


def test_a_short_key_is_refused() -> None:
    weak = make_signer(begins=AT - timedelta(days=1), bits=1024)
    with pytest.raises(BadNotificationError, match="key"):
        check_signature(read(weak.post(at=AT)), weak.pem, at=AT)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'"x"',
        b'{"Type": "Notification"}',
        b'{"Type": 7}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_notification_is_refused(body: bytes) -> None:
    with pytest.raises(BadNotificationError):
        read(body)


@pytest.mark.parametrize("field", ["Signature", "Timestamp"])
@pytest.mark.parametrize("value", ["", "x", "é", None])
def test_broken_fields_are_refused(signer: Signer, field: str, value: str | None) -> None:
    with pytest.raises(BadNotificationError):
        check_signature(read(changed(signer.post(at=AT), **{field: value})), signer.pem, at=AT)


def test_a_broken_certificate_is_refused(signer: Signer) -> None:
    with pytest.raises(BadNotificationError, match="certificate"):
        check_signature(read(signer.post(at=AT)), b"no certificate", at=AT)
