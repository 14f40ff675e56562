"""What refusals leave in the audit, for tests that ask for many pages."""

from collections import Counter

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client

from core.accounts.services import throttle
from core.accounts.services.refusals import ACCESS_REFUSED
from core.audit.models import AuditEvent

_FOUND, _FORBIDDEN, _NOT_FOUND = _REFUSALS = 302, 403, 404
_STAFF_DOOR = "a door of staff pages, which says what was asked for"
_STAFF_PAGES = (
    "staff",
    "console:",
    "operations:",
    "audit:",
    "webhooks:",
    "notices:",
    "figures:",
    "going_live:",
    "hosts:",
    "roster:",
)
# A picture of a secret that there is not, and no page
_PICTURES = {"mfa:app_code", "mfa:factor_app_code", "tenants:logo"}
# Answered before anything knows who asks
_OF_NOBODY = {"preview:pages", "preview:page"}


class RecordedRefusals:
    """The events that refusals should have left: for each person and page one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Have every refusal recorded, where one person's are otherwise after the tenth."""
        monkeypatch.setattr(throttle, "_EACH_RECORDED", 10_000)
        self._counts: Counter[tuple[str, str]] = Counter()

    def note(self, client: Client, name: str, answer: int | str, *, has_key: bool) -> None:
        """Take in what somebody was answered at an address that names something, or not."""
        if answer not in _REFUSALS:
            return
        actor = client.session.get(SESSION_KEY)
        led_away = answer == _FOUND and name.startswith("setup:") and has_key
        if actor and (led_away or (answer == _NOT_FOUND and name not in _PICTURES | _OF_NOBODY)):
            self._counts[actor, name] += 1
        if actor and answer == _FORBIDDEN:
            at_door = name.startswith(_STAFF_PAGES)
            self._counts[actor, _STAFF_DOOR if at_door else name] += 1

    def assert_recorded(self) -> None:
        """Compare with what is in the audit."""
        events = AuditEvent.objects.filter(event_type__in=(ACCESS_REFUSED, "staff_access.refused"))
        found = Counter(
            (str(event.actor_id), str(event.data.get("page", _STAFF_DOOR))) for event in events
        )
        assert found == self._counts
        assert found
