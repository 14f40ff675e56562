"""Recovery codes: shown once, used once, void when newer ones are made."""

import re
from collections import Counter
from datetime import datetime
from uuid import UUID

import pytest

from core.accounts.models import User
from core.audit.models import AuditEvent
from core.mfa.authenticators.recovery import comparable, digest_of, new_code
from core.mfa.codes import Purpose
from core.mfa.models import RecoveryCode
from core.mfa.services.challenges import Verdict
from core.mfa.services.recovery import issue_recovery_codes, verify_recovery_code
from core.mfa.services.tries import Asked
from core.notifications.models import LocalMessage
from tests.support.naive import fails_with
from tests.support.people import START, deliver_all, make_person
from tests.support.threads import at_once


def answer(user: User, code: str) -> Verdict:
    asked = Asked(user.id, Purpose.SIGN_IN, "recovery", None)
    return verify_recovery_code(asked=asked, code=code, at=START).verdict


def issue(user: User) -> list[str]:
    return issue_recovery_codes(user_id=user.id, by=user.id, at=START)


def mails_to(user: User) -> list[str]:
    deliver_all()
    return list(LocalMessage.objects.filter(to=user.email).values_list("subject", flat=True))


@pytest.mark.django_db
def test_ten_codes_of_fifty_bits_are_kept_as_digests() -> None:
    user = make_person()
    codes = issue(user)
    assert len(set(codes)) == 10
    assert all(re.fullmatch("[0-9a-hjkmnp-tv-z]{5}-[0-9a-hjkmnp-tv-z]{5}", code) for code in codes)
    kept = b"".join(bytes(row.code_digest) for row in RecoveryCode.objects.filter(user=user))
    assert not any((comparable(code) or "").encode() in kept for code in codes)
    assert len(kept) == 320
    assert any("New recovery codes" in subject for subject in mails_to(user))


@pytest.mark.django_db
def test_a_code_is_used_once_and_its_owner_told() -> None:
    user = make_person()
    code, *others = issue(user)
    assert answer(user, f" {code.upper().replace('-', ' ')} ") is Verdict.OK
    assert answer(user, code) is Verdict.WRONG
    assert answer(user, others[0]) is Verdict.OK
    used = AuditEvent.objects.filter(event_type="recovery_code.used").order_by("id")
    assert [event.data["left"] for event in used] == [9, 8]
    assert code not in str([event.data for event in AuditEvent.objects.all()])
    deliver_all()
    mails = LocalMessage.objects.filter(to=user.email, subject__startswith="A recovery code was")
    assert mails.count() == 2
    assert any("You have 8 recovery codes left" in mail.text for mail in mails)


@pytest.mark.django_db
def test_newer_codes_end_the_former_ones() -> None:
    user = make_person()
    former, newer = issue(user), issue(user)
    assert answer(user, former[0]) is Verdict.WRONG
    assert answer(user, newer[0]) is Verdict.OK


@pytest.mark.django_db
def test_a_code_is_nobody_elses_and_wrong_ones_lock() -> None:
    user, other = make_person(), make_person("robin")
    codes = issue(other)
    issue(user)
    verdicts = [answer(user, code) for code in codes[:3]]
    assert verdicts == [Verdict.WRONG, Verdict.WRONG, Verdict.LOCKED]
    assert answer(other, codes[0]) is Verdict.OK


@pytest.mark.parametrize(
    "typed", ["", "abc", "k7qm2-xrt9", "k7qm2-xrt9bb", "k7qm2-xrt9!", "u" * 10]
)
def test_what_cannot_be_a_code(typed: str) -> None:
    assert comparable(typed) is None


def test_letters_that_look_like_digits_are_read_as_such() -> None:
    assert comparable("OIL00-11111") == "0110011111"
    code = new_code()
    owner = UUID(int=1)
    assert digest_of(code, user_id=owner) == digest_of(code.upper(), user_id=owner)
    assert digest_of(code, user_id=owner) != digest_of(code, user_id=UUID(int=2))


@pytest.fixture
def _no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.notifications.services.outbox.announce", lambda _message: None)


def the_same_code_sixteen_times_at_once_is_used_once() -> None:
    user = make_person()
    code = issue(user)[0]
    verdicts = Counter(at_once(16, lambda _place: answer(user, code)))
    assert verdicts[Verdict.OK] == 1
    assert RecoveryCode.objects.filter(user=user, used_at__isnull=False).count() == 1


@pytest.mark.slow
@pytest.mark.usefixtures("_no_worker")
@pytest.mark.django_db(transaction=True)
def test_the_same_code_sixteen_times_at_once_is_used_once() -> None:
    the_same_code_sixteen_times_at_once_is_used_once()


@pytest.mark.slow
@pytest.mark.usefixtures("_no_worker")
@pytest.mark.django_db(transaction=True)
def test_the_naive_way_uses_one_code_more_than_once() -> None:
    """The naive way looks for the code and writes down afterwards that it was used."""

    def naive(user_id: UUID, code: str, *, at: datetime) -> bool:
        row = RecoveryCode.objects.filter(code_digest=digest_of(code, user_id=user_id)).first()
        if row is None:
            return False
        row.used_at = at
        row.save()
        return True

    fails_with(
        "core.mfa.services.recovery._use",
        naive,
        the_same_code_sixteen_times_at_once_is_used_once,
        where="assert verdicts[Verdict.OK] == 1",
    )
