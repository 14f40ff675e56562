"""The last button pressed twice: the second answer is shown, and it is that of the first."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse

from contracts.registration.models import PendingRegistration
from core.accounts.models import User
from core.common.clock import now
from core.mfa.models import MfaRegistration
from core.mfa.views import registration as pages
from core.mfa.views import registration_pages
from core.notifications.models import LocalMessage
from tests.integration.registration.journeys import PASSWORD, Browser, Journey, text_of
from tests.support.people import session_account

pytestmark = pytest.mark.django_db

_ADDRESS = "dana.reed@clinic.example.org"
_LAST = {"password": PASSWORD, "confirmation": PASSWORD}


@pytest.fixture
def walk() -> Journey:
    """Return somebody before the last step, the password."""
    journey = Journey("wv-bh").start().inform().submit()
    mfa = journey.follow().removesuffix("method/")
    journey.client.post(f"{mfa}method/", {"method": "email"})
    journey.client.post(f"{mfa}email/", {"action": "send", "email": _ADDRESS})
    code = LocalMessage.objects.exclude(code="").latest("sent_at").code
    journey.client.post(f"{mfa}email/", {"action": "verify", "code": code})
    journey.path = f"{mfa}password/"
    return journey


def _answer_first_within(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, walk: Journey
) -> None:
    """Answer the first press while the second is at a function: its session is loaded already."""
    real: Callable[..., Any] = getattr(module, name)
    first = Browser()
    first.cookies = walk.client.cookies.__class__(walk.client.cookies.output(header="", sep=";"))

    def meanwhile(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(module, name, real)
        assert first.post(walk.path, _LAST).status_code == 302
        return real(*args, **kwargs)

    monkeypatch.setattr(module, name, meanwhile)


@pytest.mark.parametrize(
    ("module", "name"), [(pages, "set_password"), (registration_pages, "find_own_registration")]
)
def test_the_second_press_is_answered_like_the_first(
    monkeypatch: pytest.MonkeyPatch, walk: Journey, module: Any, name: str
) -> None:
    _answer_first_within(monkeypatch, module, name, walk)
    answer = walk.client.post(walk.path, _LAST)
    assert (answer.status_code, answer["Location"]) == (302, "/wv-bh/home/"), text_of(answer)
    assert session_account(walk.client) == User.objects.get().id
    assert "Welcome, Dana Reed" in text_of(walk.client.get(answer["Location"]))
    assert PendingRegistration.objects.get().state == "completed"


@pytest.mark.parametrize(("ago", "is_signed_in"), [(0, True), (31, False)])
def test_a_session_whose_answer_was_lost_signs_in_for_half_a_minute_only(
    monkeypatch: pytest.MonkeyPatch, walk: Journey, ago: int, is_signed_in: bool
) -> None:
    """The worker dies between the commit and the sign-in."""
    with monkeypatch.context() as patched:
        patched.setattr(registration_pages, "sign_in_proven", lambda *_, **__: HttpResponse())
        patched.setattr(registration_pages, "leave_mfa_registration", lambda _request: None)
        walk.client.post(walk.path, _LAST)
    assert User.objects.exists()
    assert session_account(walk.client) is None
    MfaRegistration.objects.update(completed_at=now() - timedelta(seconds=ago))
    answer = walk.client.get(walk.path)
    assert answer["Location"] == ("/wv-bh/home/" if is_signed_in else "/wv-bh/")
    assert (session_account(walk.client) is not None) is is_signed_in
