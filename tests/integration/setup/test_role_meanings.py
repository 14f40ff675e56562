"""A role is what its own program says: the same key elsewhere, or later, is not given unseen."""

import pytest
from django.test import Client
from django.urls import reverse

from core.accounts.models import User
from core.groups.models import Invitation, Membership, Provider, Role
from core.groups.services.accepting import accept_invitation
from core.groups.services.invitations import InvitationOverError, Invitee, invite_user
from core.groups.services.memberships import grant_provider_role
from core.groups.services.roles import roles_held
from tenants import registry
from tenants.context import ActiveContract
from tests.integration.setup.configured import offering, signed_in, somebody
from tests.support.naive import fails_with
from tests.support.people import EVERYWHERE, accept_present_terms, after, make_person

pytestmark = pytest.mark.django_db
LATER = after(hours=1)
NOT_THE_SAME = "this role is not the same in these programs"
DESK = {
    "key": "desk",
    "name": "Provider Desk",
    "sentence": "Reads.",
    "permissions": ["users.view"],
}
OTHER_DESK = {
    "key": "desk",
    "name": "Provider Manager",
    "sentence": "Manages.",
    "permissions": ["roles.manage", "accounts.manage"],
}


@pytest.fixture
def desk(elm: Provider, oak: Provider, head: User) -> User:
    """Return who reads at Elm Clinic by a role whose key manages at Oak Clinic."""
    offering(DESK)
    offering(OTHER_DESK, slug="ms-um")
    return somebody("desk", "desk", elm, by=head)


def held_by(user: User) -> Membership:
    return Membership.objects.get(user=user, until__isnull=True)


def open_invitation(elm: Provider, head: User) -> Invitation:
    return invite_user(
        invitee=Invitee("kim.reed", "kim@clinic.example", "Kim", "Reed"),
        providers=[elm],
        role="desk",
        contract=registry.get_contract_by_id(elm.contract_id),
        host="localhost",
        by=head.id,
        entered=EVERYWHERE,
        at=LATER,
    )


def test_a_move_does_not_turn_a_role_into_another_of_the_same_key(
    admin: Client, desk: User, elm: Provider, oak: Provider
) -> None:
    held = held_by(desk)
    path = reverse("setup:move", args=[held.id])
    answer = admin.post(path, {"was": "desk", "provider": str(oak.id)}, follow=True)
    assert roles_held(desk.id, oak) == set()
    assert held_by(desk) == held
    assert NOT_THE_SAME in answer.content.decode()


def test_an_invitation_to_two_programs_means_the_same_in_both(
    admin: Client, desk: User, elm: Provider, oak: Provider
) -> None:
    new = {
        "username": "kim.reed",
        "first_name": "Kim",
        "last_name": "Reed",
        "email": "kim@clinic.example",
        "confirm_email": "kim@clinic.example",
        "role": "desk",
        "fax": "304-555-0133",
        "also_at": [str(oak.id)],
    }
    answer = admin.post(reverse("setup:new_user", args=[elm.id]), new)
    assert answer.status_code == 200
    assert not Invitation.objects.exists()
    assert NOT_THE_SAME in answer.content.decode()
    documented = admin.post(reverse("setup:new_user", args=[elm.id]), {**new, "role": "staff"})
    assert documented.status_code == 302, documented.content.decode()


def test_an_invitation_to_a_role_that_is_over_can_be_withdrawn_and_gives_nothing(
    admin: Client, head: User, elm: Provider
) -> None:
    offering(DESK)
    invited = open_invitation(elm, head)
    offering()
    Invitation.objects.update(link_used_at=LATER)
    kim = make_person("kim")
    with pytest.raises(InvitationOverError):
        accept_invitation(invitation_id=invited.id, user=kim, at=LATER)
    assert roles_held(kim.id, elm) == set()
    admin.post(reverse("setup:withdraw", args=[invited.id]))
    assert Invitation.objects.filter(withdrawn_at__isnull=False).count() == 1


def test_the_page_of_a_user_tells_two_roles_of_one_key_apart(
    admin: Client, desk: User, dana: User, elm: Provider, oak: Provider
) -> None:
    path = reverse("setup:user", args=[dana.id])
    html = admin.get(path).content.decode().split("Provider group role")[1]
    program = registry.get_contract_by_id(oak.contract_id)
    assert f'<option value="desk@{program.slug}">Provider Manager ({program.name})' in html
    assert '<option value="desk">' not in html
    here = registry.get_contract_by_id(elm.contract_id).slug
    for other in ("desk", f"desk@{here}", "desk@"):
        admin.post(path, {"provider": str(oak.id), "role": other})
        assert roles_held(dana.id, oak) == set()
    admin.post(path, {"provider": str(oak.id), "role": f"desk@{program.slug}"})
    assert roles_held(dana.id, oak) == {"desk"}


def to_choose(admin: Client, user: User) -> str:
    """Return the form that adds a provider on the page of a user."""
    html = admin.get(reverse("setup:user", args=[user.id])).content.decode()
    return str(html.split("Provider group role")[1])


def test_the_page_of_a_user_offers_no_role_of_a_program_with_nothing_to_add(
    admin: Client, desk: User, dana: User, elm: Provider, contract_c: ActiveContract
) -> None:
    offering(slug="ms-um")
    offering(OTHER_DESK)
    # Dana works at Elm Clinic, so that Oak Clinic of the other program alone is left.
    offered = to_choose(admin, dana)
    assert "Provider Manager" not in offered
    assert f'value="{Role.PROVIDER_ADMIN}"' in offered
    fay = somebody("fay", Role.STAFF, Provider.objects.get(contract=contract_c.id), by=desk)
    assert "Provider Manager" in to_choose(admin, fay)


def test_what_means_the_same_in_both_programs_moves_and_is_offered_once(
    admin: Client, desk: User, dana: User, oak: Provider
) -> None:
    offering(DESK, slug="ms-um")
    html = admin.get(reverse("setup:user", args=[dana.id])).content.decode()
    assert '<option value="desk">Provider Desk</option>' in html
    assert "desk@" not in html
    path = reverse("setup:move", args=[held_by(desk).id])
    admin.post(path, {"was": "desk", "provider": str(oak.id)})
    assert roles_held(desk.id, oak) == {"desk"}


def test_without_comparing_the_programs_a_move_would_give_other_rights(
    admin: Client, desk: User, oak: Provider
) -> None:
    path = reverse("setup:move", args=[held_by(desk).id])

    def check() -> None:
        admin.post(path, {"was": "desk", "provider": str(oak.id)})
        assert roles_held(desk.id, oak) == set()

    check()
    fails_with(
        "core.groups.services.roles.means_the_same",
        lambda *_args: True,
        check,
        where="roles_held(desk.id, oak) == set()",
    )


def test_the_pages_of_a_program_name_no_role_of_another(
    desk: User, elm: Provider, oak: Provider, head: User
) -> None:
    program = registry.get_contract_by_id(oak.contract_id)
    accept_present_terms(desk, program)
    grant_provider_role(user=desk, provider=oak, role="desk", by=head.id, at=LATER)
    client = signed_in(desk)
    named = {
        path: [one for one in ("Provider Desk", "Provider Manager") if one in html]
        for path in ("/account/", "/wv-bh/account/", f"/{program.slug}/account/", "/wv-bh/home/")
        for html in [client.get(path).content.decode()]
    }
    assert named == {
        "/account/": ["Provider Desk", "Provider Manager"],
        "/wv-bh/account/": ["Provider Desk"],
        f"/{program.slug}/account/": ["Provider Manager"],
        "/wv-bh/home/": ["Provider Desk"],
    }
