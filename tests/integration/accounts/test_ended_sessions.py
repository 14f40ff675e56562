"""Sessions that have ended do not pile up."""

from datetime import timedelta

import pytest

from core.accounts.models import Session
from core.accounts.tasks import clear_ended_sessions
from core.common.clock import now

pytestmark = pytest.mark.django_db


def test_ended_sessions_go_and_the_others_stay() -> None:
    Session.objects.create(session_key="ended", session_data="", expire_date=now() - timedelta(1))
    Session.objects.create(session_key="going", session_data="", expire_date=now() + timedelta(1))
    assert clear_ended_sessions() == 1
    assert list(Session.objects.values_list("session_key", flat=True)) == ["going"]
