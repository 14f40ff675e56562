"""Tokens of the API: what they open, for how long, who makes them; service accounts."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client

from core.accounts.models import User
from core.accounts.services.accounts import deactivate_account, end_sessions
from core.audit.models import AuditEvent
from core.common import clock
from core.notifications.models import OutboxMessage
from core.staff.elevation import require_elevation
from core.staff.models import ApiToken, ServiceAccount, StaffMember, StaffRole
from core.staff.permissions import StaffPermission
from core.staff.scope import StaffActor, find_staff
from core.staff.services.api_tokens import (
    MOST_TOKENS,
    MadeToken,
    RightNotHeldError,
    TokenEndedError,
    TokenWish,
    TooManyTokensError,
    find_bearer,
    make_token,
    revoke_token,
    rotate_token,
)
from core.staff.services.members import end_role
from tenants.context import ActiveContract
from tests.support.naive import fails_with, must_fail
from tests.support.staff import make_staff, staff_client
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db
VIEW, PUBLISH = StaffPermission.CONTRACTS_VIEW, StaffPermission.CONTRACTS_PUBLISH
AUDIT = StaffPermission.AUDIT_VIEW
WISH = TokenWish("Nightly upload", (VIEW, StaffPermission.ROSTER_IMPORT), None, 30)
ADDRESS = "192.0.2.7"


def actor(user: User) -> StaffActor:
    found = find_staff(User.objects.get(pk=user.pk), at=clock.now())
    assert found is not None
    return found


def own_token(user: User, wish: TokenWish = WISH) -> MadeToken:
    one = actor(user)
    return make_token(holder=one, wish=wish, by=one, at=clock.now())


def bearer(made: MadeToken, **later: float) -> StaffActor | None:
    return find_bearer(made.text, address=ADDRESS, at=clock.now() + timedelta(**later))


def the_bearer(made: MadeToken) -> StaffActor:
    found = bearer(made)
    assert found is not None
    return found


def test_a_token_opens_what_it_was_made_for_and_no_more() -> None:
    made = own_token(make_staff(StaffRole.OPERATOR))
    staff = the_bearer(made)
    assert staff.scope(VIEW).everywhere
    assert staff.may(StaffPermission.ROSTER_IMPORT)
    assert not staff.may(PUBLISH)
    assert staff.scope(PUBLISH).contracts == frozenset()


def test_it_is_kept_as_a_digest_and_its_use_is_noted() -> None:
    made = own_token(make_staff(StaffRole.OPERATOR))
    assert re.fullmatch(r"ppt_[A-Za-z0-9_-]{43}", made.text)
    assert made.text[4:].encode() not in bytes(made.row.token_digest)
    the_bearer(made)
    seen = ApiToken.objects.get()
    assert (seen.last_used_from, seen.ending) == (ADDRESS, made.text[-4:])
    assert bearer(made, seconds=30)
    assert ApiToken.objects.get().last_used_at == seen.last_used_at  # once a minute is enough
    assert bearer(made, seconds=90)
    later = ApiToken.objects.get().last_used_at
    assert later is not None
    assert seen.last_used_at is not None
    assert later > seen.last_used_at


@pytest.mark.parametrize(
    "text", ["", "ppt_", "ppt_wrong", "Bearer", "ppt_" + "A" * 43, "ppt_\x00", "ppt_" + "é" * 9000]
)
def test_what_was_never_made_opens_nothing(text: str) -> None:
    own_token(make_staff(StaffRole.OPERATOR))
    assert find_bearer(text, address=ADDRESS, at=clock.now()) is None


def test_without_its_prefix_it_opens_nothing() -> None:
    made = own_token(make_staff(StaffRole.OPERATOR))
    assert find_bearer(made.text[4:], address=ADDRESS, at=clock.now()) is None


def test_it_ends_on_the_second() -> None:
    made = own_token(make_staff(StaffRole.OPERATOR))
    last = made.row.expires_at
    assert find_bearer(made.text, address=ADDRESS, at=last - timedelta(microseconds=1))
    assert find_bearer(made.text, address=ADDRESS, at=last) is None


def test_a_person_gets_ninety_days_at_most() -> None:
    made = own_token(make_staff(StaffRole.OPERATOR), TokenWish("Long", (VIEW,), None, 366))
    assert made.row.expires_at - made.row.made_at == timedelta(days=90)


def revoke(user: User, made: MadeToken) -> None:
    assert revoke_token(token=made.row, by=user.pk, at=clock.now())
    assert not revoke_token(token=made.row, by=user.pk, at=clock.now())


def deactivate(user: User, _made: MadeToken) -> None:
    deactivate_account(user_id=user.pk, reason="left", by=None, at=clock.now())


def dismiss(user: User, _made: MadeToken) -> None:
    role = StaffMember.objects.get(user=user)
    end_role(member_id=role.pk, reason="left", by=None, at=clock.now())


def sign_out_everywhere(user: User, _made: MadeToken) -> None:
    end_sessions(user_id=user.pk, reason="password_reset", by=None, at=clock.now())


@pytest.mark.parametrize("end", [revoke, deactivate, dismiss, sign_out_everywhere])
def test_it_ends_with_what_ends_its_holders_sessions(end) -> None:  # type: ignore[no-untyped-def]
    user = make_staff(StaffRole.OPERATOR)
    made = own_token(user)
    assert bearer(made)
    end(user, made)
    assert bearer(made) is None


def test_it_is_narrowed_to_contracts(contract_a: ActiveContract) -> None:
    made = own_token(make_staff(StaffRole.OPERATOR), TokenWish("One", (VIEW,), (contract_a.id,), 7))
    scope = the_bearer(made).scope(VIEW)
    assert not scope.everywhere
    assert scope.contracts == {contract_a.id}


def test_it_never_reaches_further_than_the_role(contract_a: ActiveContract) -> None:
    user = make_staff(StaffRole.CONTRACT_ADMIN, contract_a)
    other = UUID(int=7)
    made = own_token(user, TokenWish("Two", (VIEW,), (contract_a.id, other), 7))
    assert the_bearer(made).scope(VIEW).contracts == {contract_a.id}


def test_a_right_that_one_does_not_hold_is_not_lent() -> None:
    user = make_staff(StaffRole.OPERATOR)
    with pytest.raises(RightNotHeldError):
        own_token(user, TokenWish("Reads the audit", (AUDIT,), None, 7))
    assert not ApiToken.objects.exists()


def test_a_right_that_waits_for_elevation_is_used_without_it() -> None:
    made = own_token(make_staff(StaffRole.OPERATOR), TokenWish("Publish", (VIEW, PUBLISH), None, 7))
    require_elevation(the_bearer(made), PUBLISH)  # raises ElevationNeededError otherwise


def test_rotating_keeps_rights_and_gives_a_day_to_change_over() -> None:
    user = make_staff(StaffRole.OPERATOR)
    former = own_token(user)
    made = rotate_token(token=former.row, by=actor(user), at=clock.now(), now=False)
    assert made.row.permissions == former.row.permissions
    assert bearer(made)
    assert bearer(former, hours=23)
    assert bearer(former, hours=25) is None


def test_rotating_at_once_ends_the_former() -> None:
    user = make_staff(StaffRole.OPERATOR)
    former = own_token(user)
    rotate_token(token=former.row, by=actor(user), at=clock.now(), now=True)
    assert bearer(former) is None


def test_a_token_that_somebody_may_not_lend_any_more_is_not_rotated(
    contract_a: ActiveContract,
) -> None:
    user = make_staff(StaffRole.OPERATOR)
    former = own_token(user)
    StaffMember.objects.filter(user=user).update(role="auditor")
    with pytest.raises(RightNotHeldError):
        rotate_token(token=former.row, by=actor(user), at=clock.now(), now=False)


@pytest.mark.django_db(transaction=True)
def test_eight_who_rotate_one_token_at_once_rotate_it_once() -> None:
    user = make_staff(StaffRole.OPERATOR)
    former = own_token(user)

    def rotate(_number: int) -> bool:
        try:
            rotate_token(token=former.row, by=actor(user), at=clock.now(), now=False)
        except TokenEndedError:
            return False
        return True

    assert sorted(at_once(8, rotate)) == [False] * 7 + [True]
    assert ApiToken.objects.count() == 2


def test_making_one_is_recorded_and_told() -> None:
    user = make_staff(StaffRole.OPERATOR)
    made = own_token(user)
    event = AuditEvent.objects.get(event_type="api_token.made")
    assert (event.subject_id, event.data["token"]) == (user.pk, str(made.row.pk))
    assert made.text not in str(event.data)
    told = OutboxMessage.objects.get(context__what="token_made")
    assert told.to == user.email


# --- The pages -----------------------------------------------------------------------------------

FORM = {"name": "Nightly", "rights": ["contracts.view"], "days": "30"}


def shown_token(html: str) -> str:
    found = re.search(r"ppt_[A-Za-z0-9_-]{43}", html)
    assert found
    return found[0]


def test_somebody_makes_a_token_which_is_shown_once_and_works() -> None:
    client = staff_client(StaffRole.OPERATOR)
    answer = client.post("/staff/tokens/new/", FORM)
    text = shown_token(answer.content.decode())
    assert find_bearer(text, address=ADDRESS, at=clock.now())
    page = client.get("/staff/tokens/").content.decode()
    assert "Nightly" in page
    assert text not in page


def test_a_right_of_the_list_is_lent_with_elevated_rights_only() -> None:
    client = staff_client(StaffRole.OPERATOR)
    client.post("/staff/elevated-rights/give-up/")
    answer = client.post("/staff/tokens/new/", {**FORM, "rights": ["contracts.publish"]})
    assert answer.status_code == 302
    assert "/staff/elevated-rights/" in answer.headers["Location"]
    assert not ApiToken.objects.exists()


def test_others_tokens_are_not_there() -> None:
    made = own_token(make_staff(StaffRole.OPERATOR, name="mia"))
    client = staff_client(StaffRole.OPERATOR)
    for act in ("revoke", "rotate"):
        assert client.post(f"/staff/tokens/{made.row.pk}/{act}/").status_code == 404
    assert bearer(made)


def test_one_revokes_ones_own_from_the_page() -> None:
    client = staff_client(StaffRole.OPERATOR)
    text = shown_token(client.post("/staff/tokens/new/", FORM).content.decode())
    key = ApiToken.objects.get().pk
    assert client.get(f"/staff/tokens/{key}/revoke/").status_code == 200
    assert find_bearer(text, address=ADDRESS, at=clock.now())
    client.post(f"/staff/tokens/{key}/revoke/")
    assert find_bearer(text, address=ADDRESS, at=clock.now()) is None


# --- Service accounts ----------------------------------------------------------------------------

SERVICE = {
    "name": "Roster robot",
    "contact": "robots@example.org",
    "role": "operator",
    "contract": "everywhere",
    "reason": "Ticket 12",
}


def make_service(client: Client, **changed: str) -> ServiceAccount:
    answer = client.post("/staff/services/new/", SERVICE | changed)
    assert answer.status_code == 302, answer.content.decode()
    return ServiceAccount.objects.select_related("user").get()


def service_token(client: Client, account: ServiceAccount) -> str:
    answer = client.post(f"/staff/services/{account.pk}/tokens/new/", {**FORM, "days": "366"})
    return shown_token(answer.content.decode())


def test_a_service_account_acts_in_its_own_name_and_its_maker_may_leave() -> None:
    client = staff_client(StaffRole.OPERATOR, name="olga")
    account = make_service(client)
    text = service_token(client, account)
    deactivate_account(
        user_id=User.objects.get(username="olga").pk, reason="left", by=None, at=clock.now()
    )
    found = find_bearer(text, address=ADDRESS, at=clock.now() + timedelta(days=365))
    assert found is not None
    assert found.user == account.user
    assert found.scope(VIEW).everywhere
    assert not OutboxMessage.objects.filter(to__endswith=".invalid").exists()


def test_nobody_signs_in_with_one() -> None:
    account = make_service(staff_client(StaffRole.OPERATOR))
    assert not account.user.has_usable_password()
    assert account.user.signs_in_elsewhere
    assert account.user.email.endswith("@service.invalid")


def test_ending_it_ends_its_tokens_and_roles() -> None:
    client = staff_client(StaffRole.OPERATOR)
    account = make_service(client)
    text = service_token(client, account)
    answer = client.post(f"/staff/services/{account.pk}/end/", {"reason": "Replaced"})
    assert answer.status_code == 302
    assert find_bearer(text, address=ADDRESS, at=clock.now()) is None
    assert not StaffMember.objects.filter(user=account.user, ended_at__isnull=True).exists()
    assert client.get(f"/staff/services/{account.pk}/tokens/new/").status_code == 403


def test_nobody_makes_one_that_may_do_more_than_they() -> None:
    """An operator reads no audit trail, and gets no program that does."""
    client = staff_client(StaffRole.OPERATOR)
    answer = client.post("/staff/services/new/", SERVICE | {"role": "auditor"})
    assert "more than" in answer.content.decode()
    assert not ServiceAccount.objects.exists()


def test_who_only_looks_makes_and_ends_nothing() -> None:
    account = make_service(staff_client(StaffRole.OPERATOR))
    auditor = staff_client(StaffRole.AUDITOR, name="ann")
    assert auditor.get(f"/staff/services/{account.pk}/").status_code == 200
    assert auditor.post(f"/staff/services/{account.pk}/tokens/new/", FORM).status_code == 403
    assert auditor.post(f"/staff/services/{account.pk}/end/", {"reason": "x"}).status_code == 403
    assert not ApiToken.objects.exists()


def test_who_only_looks_manages_none_that_has_lost_its_role() -> None:
    client = staff_client(StaffRole.OPERATOR)
    account = make_service(client)
    service_token(client, account)
    role = StaffMember.objects.get(user=account.user)
    end_role(member_id=role.pk, reason="over", by=None, at=clock.now())
    key = ApiToken.objects.get().pk
    auditor = staff_client(StaffRole.AUDITOR, name="ann")
    assert auditor.post(f"/staff/tokens/{key}/revoke/").status_code == 403
    assert ApiToken.objects.get().revoked_at is None
    assert client.post(f"/staff/tokens/{key}/revoke/").status_code == 302


def rotate_often(row: ApiToken, user: User, *, times: int) -> None:
    for _ in range(times):
        row = rotate_token(token=row, by=actor(user), at=clock.now(), now=False).row


def test_rotating_makes_no_more_tokens_than_one_may_have() -> None:
    user = make_staff(StaffRole.OPERATOR)
    row = own_token(user).row
    with pytest.raises(TooManyTokensError):
        rotate_often(row, user, times=MOST_TOKENS + 5)
    assert ApiToken.objects.filter(expires_at__gt=clock.now()).count() <= MOST_TOKENS + 1


# --- Doubles: what these tests would see ---------------------------------------------------------


def test_a_token_that_is_taken_for_its_holder_is_seen() -> None:
    """The naive way: who sends it is signed in, with all that they may do."""
    fails_with(
        "core.staff.services.api_tokens.replace",
        lambda staff, **_more: staff,
        test_a_token_opens_what_it_was_made_for_and_no_more,
        where="assert not staff.may(PUBLISH)",
    )


def test_a_token_that_outlives_its_sessions_is_seen() -> None:
    """The naive way: a token has its own end and no other."""
    user = make_staff(StaffRole.OPERATOR)
    made = own_token(user)
    ApiToken.objects.update(security_epoch=None)
    sign_out_everywhere(user, made)
    with must_fail(where="assert bearer(made) is None"):
        assert bearer(made) is None


def test_a_maker_who_lends_what_they_do_not_hold_is_seen() -> None:
    """The naive way: who appoints staff makes any program."""
    fails_with(
        "core.staff.services.service_accounts._holds_all",
        lambda *_given: True,
        test_nobody_makes_one_that_may_do_more_than_they,
        where='assert "more than" in',
    )
