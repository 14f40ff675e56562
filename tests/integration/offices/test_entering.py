"""An office's admin sees and decides in a program by what the program asks of its own admins."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core.accounts.models import User
from core.groups.models import AccessGrant, Invitation, Membership, Office, Role
from tests.integration.setup.test_invitations import TYPED
from tests.support.naive import fails_with
from tests.support.publishing import publish_change, publish_methods

pytestmark = pytest.mark.django_db
ASKS = "/ms-um/step-up/"


@pytest.fixture
def asking(assigned: Membership) -> Membership:
    """Return somebody assigned in a program that asks its admins for an app, and nobody else."""
    publish_methods("ms-um", "email", "totp")
    publish_change("ms-um", mfa__admin_methods=["totp"])
    return assigned


def stored() -> list[object]:
    return [
        list(Membership.objects.order_by("id").values_list("id", "role", "until")),
        list(AccessGrant.objects.values_list("id", "ended_at")),
        list(Office.objects.values_list("id", "closed_at")),
        Invitation.objects.count(),
    ]


def path(name: str, key: object) -> str:
    return reverse(f"offices:{name}", args=[key])


def test_the_office_leaves_out_what_is_not_entered_and_leads_there(
    hers: Client, office: Office, asking: Membership
) -> None:
    here = path("office", office.id)
    html = hers.get(here).content.decode()
    assert "Oak Clinic" not in html
    assert f"{ASKS}?next={here.replace('/', '%2F')}&amp;admin=1" in html
    # Entered by who proves what admins prove: the office's page is whole again.
    publish_change("ms-um", mfa__admin_methods=["email"])
    html = hers.get(here).content.decode()
    assert html.count("Oak Clinic") == 2
    assert ASKS not in html


def test_who_works_there_is_not_decided_before(
    hers: Client, office: Office, asking: Membership, grant: AccessGrant, billie: User
) -> None:
    before = stored()
    asked: list[Callable[[], Any]] = [
        lambda: hers.get(path("grant", grant.id)),
        lambda: hers.post(path("grant", grant.id), {"people": [str(billie.id)]}),
        lambda: hers.get(path("grant_end", grant.id)),
        lambda: hers.post(path("grant_end", grant.id)),
        lambda: hers.post(path("assignment_end", asking.id)),
    ]
    for ask in asked:
        answer = ask()
        assert answer.headers.get("Location", "").startswith(ASKS)
        assert "Oak" not in answer.content.decode()
    assert stored() == before


def test_nobody_becomes_an_admin_and_nobody_is_taken_out_before(
    hers: Client, office: Office, asking: Membership, billie: User
) -> None:
    held = Membership.objects.get(user=billie, group=office.group_id)
    before = stored()
    for name, key, form in (
        ("role", held.id, {"was": "staff", "role": "group_admin"}),
        ("remove", held.id, {"was": "staff"}),
        ("close", office.id, {}),
    ):
        html = hers.post(path(name, key), form, follow=True).content.decode()
        assert "reaches into Mississippi UM Program" in html, name
    new = {**TYPED, "role": Role.GROUP_ADMIN.value}
    html = hers.post(path("new_user", office.id), new).content.decode()
    assert "reaches into Mississippi UM Program" in html
    assert 'value="noor@clinic.example"' in html
    assert stored() == before
    # Somebody who works for the office reaches no program until they are assigned.
    hers.post(path("new_user", office.id), {**TYPED, "role": Role.STAFF.value})
    assert Invitation.objects.count() == 1


def test_an_office_that_asks_nothing_would_decide_by_any_sign_in(
    hers: Client, office: Office, asking: Membership, grant: AccessGrant, billie: User
) -> None:
    """The naive way: the pages of offices stand on the portal host, where no program asks."""
    fails_with(
        "core.groups.views.office_entering.satisfied",
        lambda *_args, **_kwargs: None,
        lambda: test_who_works_there_is_not_decided_before(hers, office, asking, grant, billie),
        where='assert answer.headers.get("Location", "").startswith(ASKS)',
    )
