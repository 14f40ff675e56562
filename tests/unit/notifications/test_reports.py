"""What Amazon's reports say, in the form that its guides print."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from core.notifications.reports import Fate, read_report
from core.notifications.states import Channel

MESSAGE = UUID("019a0000-0000-7000-8000-000000000001")
WHEN = "2026-05-04T12:00:05.000Z"
AT = datetime(2026, 5, 4, 12, 0, 5, tzinfo=UTC)


def mail_event(kind: str, part: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    mail = {
        "timestamp": WHEN,
        "messageId": "ses-1",
        "destination": ["dana@example.org"],
        "tags": {"message": [str(MESSAGE)], "ses:configuration-set": ["portal"]},
    }
    return {"eventType": kind, "mail": mail, kind.lower(): part or {}, **more}


def bounce(kind: str = "Permanent", address: str = "Dana <Dana@Example.org>") -> dict[str, Any]:
    return mail_event(
        "Bounce",
        {
            "bounceType": kind,
            "bounceSubType": "General",
            "bouncedRecipients": [{"emailAddress": address, "status": "5.1.1"}],
            "timestamp": WHEN,
        },
    )


def complaint(**more: Any) -> dict[str, Any]:
    return mail_event(
        "Complaint",
        {
            "complainedRecipients": [{"emailAddress": "dana@example.org"}],
            "timestamp": WHEN,
            **more,
        },
    )


def text_event(kind: str) -> dict[str, Any]:
    return {
        "eventType": kind,
        "eventTimestamp": int(AT.timestamp() * 1000),
        "destinationPhoneNumber": "+13045550123",
        "messageId": "sms-1",
        "messageStatus": kind.removeprefix("TEXT_"),
        "context": {"message": str(MESSAGE)},
    }


@pytest.mark.parametrize(("kind", "dead"), [("Permanent", True), ("Transient", False)])
def test_mail_that_came_back(kind: str, dead: bool) -> None:
    report = read_report(json.dumps(bounce(kind)))
    assert report is not None
    assert (report.channel, report.fate, report.dead) == (Channel.EMAIL, Fate.BOUNCED, dead)
    assert (report.message_id, report.reference) == (MESSAGE, "ses-1")
    assert report.addresses == ("dana@example.org",)
    assert (report.reason, report.at) == (f"{kind} General", AT)


def test_mail_that_was_reported_as_unwanted() -> None:
    report = read_report(json.dumps(complaint(complaintFeedbackType="abuse")))
    assert report is not None
    assert (report.fate, report.reason) == (Fate.COMPLAINED, "abuse")


def test_a_report_that_it_is_no_spam_is_no_complaint() -> None:
    assert read_report(json.dumps(complaint(complaintFeedbackType="not-spam"))) is None


def test_mail_that_arrived() -> None:
    part = {"recipients": ["dana@example.org"], "timestamp": WHEN}
    report = read_report(json.dumps(mail_event("Delivery", part)))
    assert report is not None
    assert (report.fate, report.at) == (Fate.DELIVERED, AT)


def test_mail_that_ses_would_not_send() -> None:
    report = read_report(json.dumps(mail_event("Reject", {"reason": "Bad content"})))
    assert report is not None
    assert (report.fate, report.reason, report.dead) == (Fate.BOUNCED, "Reject", False)


@pytest.mark.parametrize(
    ("kind", "fate"),
    [
        ("TEXT_DELIVERED", Fate.DELIVERED),
        ("TEXT_CARRIER_UNREACHABLE", Fate.BOUNCED),
        ("TEXT_TTL_EXPIRED", Fate.BOUNCED),
        ("TEXT_INVALID", Fate.BOUNCED),
    ],
)
def test_what_became_of_a_text(kind: str, fate: Fate) -> None:
    report = read_report(json.dumps(text_event(kind)))
    assert report is not None
    assert (report.channel, report.fate, report.at) == (Channel.SMS, fate, AT)
    assert report.addresses == ("+13045550123",)


@pytest.mark.parametrize("kind", ["TEXT_QUEUED", "TEXT_SENT", "TEXT_SUCCESSFUL", "TEXT_UNKNOWN"])
def test_a_text_that_is_still_on_its_way_says_nothing(kind: str) -> None:
    assert read_report(json.dumps(text_event(kind))) is None


def without(event: dict[str, Any], *path: str) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(event))
    part = copy
    for name in path[:-1]:
        part = part[name]
    del part[path[-1]]
    return copy


@pytest.mark.parametrize(
    "event",
    [
        {},
        [],
        7,
        "text",
        None,
        {"mail": 1},
        {"mail": {}, "eventType": "Bounce"},
        {"messageStatus": 1},
        without(bounce(), "mail", "tags"),
        without(bounce(), "bounce", "timestamp"),
        {**bounce(), "eventType": "Open"},
        {**bounce(), "eventType": ["Bounce"]},
        {**text_event("TEXT_INVALID"), "eventTimestamp": "soon"},
        {**text_event("TEXT_INVALID"), "eventTimestamp": 10**30},
        {**text_event("TEXT_INVALID"), "context": None},
    ],
)
def test_what_is_no_report_of_ours_is_nothing(event: object) -> None:
    assert read_report(json.dumps(event)) is None


def test_broken_text_is_nothing() -> None:
    assert read_report("{") is None
    assert (
        read_report('"Successfully validated SNS topic for Amazon SES event publishing."') is None
    )
