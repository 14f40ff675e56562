"""Two at one moment: one registers, guesses are counted together, a link is used once."""

from collections import Counter
from threading import Barrier, Lock

import pytest

from core.accounts.models import User
from core.accounts.policies import effective_policy
from core.accounts.services.imported import check_first_password
from core.accounts.services.sign_in import check_password_of
from core.audit.models import AuditEvent
from core.common.tokens import has_token
from core.mfa.models import Factor, MfaRegistration, RegistrationLink
from core.mfa.services import registration_links
from tests.integration.first_login.walking import (
    NEW_PASSWORD,
    Walk,
    link_to,
    make_imported,
)
from tests.support.naive import fails_with
from tests.support.people import START, make_person, session_account
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_who_complete_the_same_account_at_once_make_one_registration() -> None:
    user = make_imported()
    walks = [Walk(), Walk()]
    for walk in walks:
        walk.log_in()
    # The second login closed the first run; both go on with one of their own.
    runs = list(MfaRegistration.objects.order_by("started_at"))
    MfaRegistration.objects.update(closed_at=None, email=user.email)
    assert len(runs) == 2
    for place, walk in enumerate(walks):
        walk.choose("email")
        walk.verify_email(f"lena{place}@clinic.example")
    passwords = [NEW_PASSWORD, f"{NEW_PASSWORD} too"]
    at_once(2, lambda place: walks[place].set_password(passwords[place]))
    signed_in = [walk for walk in walks if session_account(walk.client) == user.id]
    assert len(signed_in) == 1
    assert Factor.objects.filter(user=user, kind="email").count() == 1
    winner = walks.index(signed_in[0])
    user = User.objects.get(pk=user.pk)
    assert user.check_password(passwords[winner])
    assert user.email == f"lena{winner}@clinic.example"
    completed = AuditEvent.objects.filter(event_type="mfa_registration.completed")
    assert completed.count() == 1


def test_guesses_on_both_pages_at_once_are_compared_as_often_as_allowed() -> None:
    user = make_person("dana")
    allowed = effective_policy(user.id).accounts.lock_failures

    def guess(place: int) -> None:
        wrong = {"password": f"guess number {place}", "address": "192.0.2.1", "at": START}
        if place % 2:
            check_password_of(email=user.email, **wrong)  # type: ignore[arg-type]
        else:
            check_first_password(username="Dana", **wrong)  # type: ignore[arg-type]

    at_once(10, guess)
    events = AuditEvent.objects.filter(event_type="sign_in.refused")
    results = Counter(events.values_list("result", flat=True))
    assert results == {"wrong_password": allowed, "locked": 10 - allowed}


def test_a_link_pressed_in_many_tabs_at_once_works_in_one() -> None:
    user = make_imported(password_hash="")
    Walk("/wv-bh").ask_for_link()
    path = link_to(user.email)
    led: list[str] = []
    lock = Lock()

    def press(_place: int) -> None:
        target = Walk().post(path).headers["Location"]
        with lock:
            led.append(target)

    at_once(6, press)
    assert Counter(led) == {"/wv-bh/mfa/method/": 1, "/wv-bh/mfa/link-ended/": 5}


def test_a_link_that_nobody_holds_would_work_in_many() -> None:
    """The naive way: look whether it was used, then note that it is."""
    together = Barrier(6)

    def naive(token: str) -> RegistrationLink | None:
        links = RegistrationLink.objects.select_related("user")
        found = links.filter(has_token(registration_links._DIGEST_PURPOSE, token)).first()
        together.wait(timeout=30)
        return found

    fails_with(
        "core.mfa.services.registration_links._find_by_token",
        naive,
        test_a_link_pressed_in_many_tabs_at_once_works_in_one,
        where="assert Counter(led) ==",
    )
