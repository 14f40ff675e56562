"""What ends tokens beside their time: the end of sessions; and rotating many at once."""

import pytest
from django.test import Client

from core.accounts.models import User
from core.common import clock
from core.mfa.models import PasswordReset
from core.staff.models import ApiToken, StaffRole
from core.staff.services.api_tokens import (
    MOST_TOKENS,
    TokenEndedError,
    TooManyTokensError,
    rotate_token,
)
from tests.integration.resets.walking import begin
from tests.integration.staff.test_api_tokens import (
    actor,
    make_service,
    own_token,
    sign_out_everywhere,
)
from tests.support.sign_in import sign_in_directly
from tests.support.staff import make_staff, staff_client
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db


def test_one_that_ended_with_the_sessions_is_shown_so_and_not_rotated() -> None:
    client = staff_client(StaffRole.OPERATOR)
    user = User.objects.get(username="olive")
    made = own_token(user)
    assert "it ended when all sessions" not in client.get("/staff/tokens/").content.decode()
    sign_out_everywhere(user, made)
    sign_in_directly(client, User.objects.get(pk=user.pk), option="phone")
    page = client.get("/staff/tokens/").content.decode()
    assert "it ended when all sessions were ended" in page
    assert f"/staff/tokens/{made.row.pk}/rotate/" not in page
    with pytest.raises(TokenEndedError):
        rotate_token(token=made.row, by=actor(user), at=clock.now(), now=False)


@pytest.mark.django_db(transaction=True)
def test_however_many_are_rotated_at_once_no_more_hold_than_may() -> None:
    user = make_staff(StaffRole.OPERATOR)
    made = [own_token(user).row for _ in range(MOST_TOKENS)]

    def rotate(place: int) -> bool:
        try:
            rotate_token(token=made[place], by=actor(user), at=clock.now(), now=False)
        except TooManyTokensError:
            return False
        return True

    assert sorted(at_once(6, rotate)) == [False] * 5 + [True]
    assert ApiToken.objects.count() == MOST_TOKENS + 1


def test_a_service_account_gets_no_password_by_having_forgotten_it(client: Client) -> None:
    account = make_service(staff_client(StaffRole.OPERATOR))
    begin(client, account.user.email)
    assert PasswordReset.objects.get().account is None, "as for an address that nobody has"
