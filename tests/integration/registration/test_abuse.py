"""What somebody with bad intentions may try inside a registration, and does not get."""

from unittest import mock
from uuid import UUID

import pytest
from django.test import Client

from contracts.registration.models import PendingRegistration
from contracts.registration.states import RegistrationState
from contracts.roster.models import IssuedCode
from contracts.roster.selectors import usable_codes
from core.common.clock import now
from core.notifications.models import LocalMessage
from tenants.context import ActiveContract, contract_context
from tests.integration.registration.journeys import Journey as Walk
from tests.integration.registration.journeys import person, text_of
from tests.support.naive import fails_with
from tests.support.people import make_person

pytestmark = pytest.mark.django_db
# Mails go out after the commit.
committed = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("field", ["first_name", "last_name", "address_1", "address_2", "city"])
def test_a_character_that_composing_makes_longer_gets_a_message(field: str) -> None:
    walk = Walk("wv-bh").start()
    # U+0344 is two characters in composed form: 61 are within the field's limit, 121 are not.
    typed = person() | {field: "Q" + "\u0344" * 60}
    response = walk.client.post(f"{walk.path}information/", typed)
    assert response.status_code == 200
    assert f'href="#id_{field}"' in response.content.decode()


@mock.patch("core.accounts.services.usernames._SUBMISSIONS_PER_ASKER", 3)
def test_sending_the_page_again_and_again_does_not_list_usernames() -> None:
    make_person("dana")
    walk = Walk("wv-bh").start().inform()
    path = f"{walk.path}information/"
    for _ in range(3):
        assert "This username is taken" in text_of(walk.client.post(path, person(username="dana")))
    for name in ("dana", "nobody-has-this"):
        response = walk.client.post(path, person(username=name))
        assert response.status_code == 429
        assert "This username is taken" not in text_of(response)
        assert "try again in an hour" in text_of(response)
        assert 'value="Reed"' in response.content.decode()


@committed
def test_asking_for_a_code_does_not_end_the_one_that_a_provider_holds(
    contract_b: ActiveContract,
) -> None:
    with contract_context(contract_b):
        before = set(usable_codes(now()).values_list("id", flat=True))
    ask_for_code()
    with contract_context(contract_b):
        after: set[UUID] = set(usable_codes(now()).values_list("id", flat=True))
        assert before < after
        assert not IssuedCode.objects.filter(id__in=before, revoked_at__isnull=False).exists()


@committed
def test_asking_for_a_code_does_not_end_a_registration_under_way() -> None:
    walk = Walk("acentra-sample").start().inform().submit()
    walk.follow()
    ask_for_code()
    walk.prove_email()
    assert PendingRegistration.objects.get().state == RegistrationState.COMPLETED


def ask_for_code() -> None:
    """Have new codes sent for the identifier of the sample, as any stranger may."""
    mails = LocalMessage.objects.count()
    Client().post("/acentra-sample/register/code/", {"identifier": "1234567893"})
    assert LocalMessage.objects.count() > mails


def test_without_a_limit_the_page_would_list_usernames() -> None:
    """The naive way: the page tells whether a username is taken as often as it is sent."""
    fails_with(
        "contracts.registration.views.journey.may_submit_username",
        lambda **_asked: True,
        test_sending_the_page_again_and_again_does_not_list_usernames,
        where="assert response.status_code == 429",
    )
