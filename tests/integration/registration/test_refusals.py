"""One and the same page for every refusal; the audit tells them apart."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from contracts.registration.models import Journey
from contracts.roster.models import IssuedCode
from core.accounts.models import LimitCount
from core.accounts.services.attempts import Allowance, Limit, count_attempt
from core.audit.models import AuditEvent
from core.common.clock import now
from core.notifications.models import LocalMessage
from tenants.context import contract_context
from tenants.registry import get_contract
from tests.integration.registration.journeys import CLAIMS, Browser, text_of
from tests.integration.registration.journeys import Journey as Walk
from tests.support.naive import fails_with

pytestmark = pytest.mark.django_db

_NPI = CLAIMS["wv-bh"]["identifier"]


def _refused(slug: str, **claim: str) -> tuple[str, str]:
    """Return the page's words and the audit's reason for a claim that is refused."""
    path = f"/{slug}/register/" if slug else "/register/"
    page = text_of(Browser().post(path, claim))
    assert "We could not register with these numbers" in page, page
    return page, AuditEvent.objects.filter(event_type="registration.refused").latest("at").result


def test_every_reason_shows_the_same_page() -> None:
    registered = Walk("wv-bh").start().inform().submit()
    registered.follow()
    registered.prove_email()
    claims = {
        "already_registered": dict(CLAIMS["wv-bh"]),
        "no_entry": {"identifier": "1999999984", "code": "0012345678"},
        "wrong_code": {"identifier": _NPI, "code": "0000000001"},
    }
    pages = set()
    for expected, claim in claims.items():
        page, reason = _refused("wv-bh", **claim)
        assert reason == expected
        pages.add(page)
    assert len(pages) == 1


def test_another_programs_numbers_look_like_any_wrong_ones() -> None:
    other, reason = _refused("acentra-sample", **CLAIMS["ms-um"])
    assert reason == "other_program"
    wrong, reason = _refused("acentra-sample", identifier=_NPI, code="AAAA2222BB")
    assert reason == "wrong_code"
    assert other == wrong


def test_expired_revoked_and_used_codes_look_alike() -> None:
    contract = get_contract("acentra-sample")
    claim = CLAIMS["acentra-sample"]
    pages = set()
    changes: dict[str, dict[str, object]] = {
        "code_expired": {"expires_at": now() - timedelta(seconds=1)},
        "code_revoked": {"expires_at": now() + timedelta(days=1), "revoked_at": now()},
        "code_used_up": {"revoked_at": None, "uses": 1},
    }
    with contract_context(contract):
        codes = IssuedCode.objects.filter(entry__name="Harbor Medical Group")
        codes.update(created_at=now() - timedelta(days=2))
    for reason, change in changes.items():
        with contract_context(contract):
            IssuedCode.objects.filter(entry__name="Harbor Medical Group").update(**change)
        page, recorded = _refused("acentra-sample", **claim)
        assert recorded == reason
        pages.add(page)
    assert len(pages) == 1


def test_the_portal_host_shows_the_programs_with_their_contacts() -> None:
    page, _reason = _refused("", identifier="1999999984", code="123456789")
    assert "800-461-9371" in page
    assert "888-801-1910" in page


def test_the_failure_page_carries_reset() -> None:
    response = Browser().post("/wv-bh/register/", {"identifier": _NPI, "code": "0000000001"})
    assert "/wv-bh/register/reset/" in response.content.decode()
    assert f'value="{_NPI}"' in response.content.decode()
    assert "<title>Error: " in response.content.decode()


def test_attempts_are_counted_per_identifier_and_contract() -> None:
    wrong = {"identifier": _NPI, "code": "0000000001"}
    limit = get_contract("wv-bh").document.registration.limits.attempts_per_identifier
    for _ in range(limit):
        assert Browser().post("/wv-bh/register/", wrong).status_code == 200
    refused = Browser().post("/wv-bh/register/", CLAIMS["wv-bh"])
    assert refused.status_code == 429
    assert "Too many attempts" in text_of(refused)
    assert Journey.objects.count() == 0
    # Another program with the same number, and the portal host, have counts of their own.
    assert Browser().post("/ms-um/register/", CLAIMS["ms-um"]).status_code == 302
    assert Browser().post("/register/", CLAIMS["wv-bh"]).status_code == 302
    LimitCount.objects.update(window_ends_at=now())
    assert Browser().post("/wv-bh/register/", CLAIMS["wv-bh"]).status_code == 302


def test_who_is_refused_by_address_uses_up_nobodys_identifier() -> None:
    limits = get_contract("wv-bh").document.registration.limits
    assert limits.attempts_per_address > limits.attempts_per_identifier
    stranger = Browser(REMOTE_ADDR="203.0.113.7")
    for number in range(limits.attempts_per_address):
        code = {"identifier": f"19999999{number:02}", "code": "0000000001"}
        assert stranger.post("/register/", code).status_code == 200
    for _ in range(limits.attempts_per_identifier):
        wrong = {"identifier": _NPI, "code": "0000000001"}
        assert stranger.post("/wv-bh/register/", wrong).status_code == 429
    mine = Browser(REMOTE_ADDR="203.0.113.8").post("/wv-bh/register/", CLAIMS["wv-bh"])
    assert mine.status_code == 302


def test_a_new_code_goes_to_the_address_on_file_and_the_answer_is_the_same() -> None:
    path = "/acentra-sample/register/code/"
    known = Browser().post(path, {"identifier": "1234567893"})
    unknown = Browser().post(path, {"identifier": "1999999984"})
    assert text_of(known) == text_of(unknown)
    mails = {message.to: message for message in LocalMessage.objects.exclude(code="")}
    assert set(mails) == {
        "office000@acentra-sample.example.org",
        "office001@acentra-sample.example.org",
    }
    code = mails["office001@acentra-sample.example.org"].code
    started = Browser().post(
        "/acentra-sample/register/", {"identifier": "1234567893", "code": code}
    )
    assert started.status_code == 302


def test_codes_are_sent_for_one_identifier_a_few_times_a_day_only() -> None:
    path = "/acentra-sample/register/code/"
    pages = {text_of(Browser().post(path, {"identifier": "1234567893"})) for _ in range(5)}
    assert len(pages) == 1
    assert LocalMessage.objects.filter(to="office000@acentra-sample.example.org").count() == 3


def test_a_program_without_issued_codes_only_explains() -> None:
    page = Browser().get("/wv-bh/register/code/")
    assert page.status_code == 200
    assert "Send a new code" not in text_of(page)


def test_what_one_limit_refuses_is_not_counted_under_the_next() -> None:
    limits = [
        Limit("minute", "somebody", 1, timedelta(minutes=1)),
        Limit("hour", "somebody", 2, timedelta(hours=1)),
    ]
    at = now()
    moments = [at, at, at, at + timedelta(minutes=1), at + timedelta(minutes=2)]
    answers = [count_attempt(limits=limits, at=moment) for moment in moments]
    assert [answer.allowed for answer in answers] == [True, False, False, True, False]
    assert answers[1].retry_at == at + timedelta(minutes=1)
    assert answers[4].retry_at == at + timedelta(hours=1)


def test_a_count_under_the_address_alone_would_let_many_guess_at_one_identifier() -> None:
    """The naive way: who comes from many networks guesses on."""

    def naive(*, limits: Sequence[Limit], at: datetime) -> Allowance:
        return count_attempt(limits=limits[:1], at=at)

    fails_with(
        "contracts.registration.services.journeys.count_attempt",
        naive,
        test_attempts_are_counted_per_identifier_and_contract,
        where="assert refused.status_code == 429",
    )


def test_a_page_that_says_why_would_tell_them_apart() -> None:
    """The naive way: whoever mistypes wants to know what."""

    def naive(request: HttpRequest, *page: Any, **more: Any) -> HttpResponse:
        answer = render(request, *page, **more)
        events = AuditEvent.objects.filter(event_type="registration.refused")
        reason = f"{events.latest('at').result}</main>".encode()
        answer.content = answer.content.replace(b"</main>", reason)
        return answer

    fails_with(
        "contracts.registration.views.start.render",
        naive,
        test_every_reason_shows_the_same_page,
        where="assert len(pages) == 1",
    )
