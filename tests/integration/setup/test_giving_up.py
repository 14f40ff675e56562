"""Give up a provider: what ends, what stays, who may, and that its number is free again."""

import re
from collections import Counter

import pytest
from django.test import Client

from core.accounts.models import ContractAccess, User
from core.audit.models import AuditEvent
from core.common.errors import DomainError
from core.groups.models import (
    Invitation,
    Membership,
    Provider,
    ProviderGroup,
    ProviderStatus,
    Role,
)
from core.groups.permissions import Permission
from core.groups.reach import access_reached_provider
from core.groups.services.giving_up import give_up_provider, loss_of
from core.groups.services.holding import refuse_last_admin
from core.groups.services.invitations import Invitee, invite_user
from core.groups.services.memberships import grant_group_admin, grant_provider_role
from core.groups.services.roles import ChangedMeanwhileError, add_role, roles_held
from core.notifications.models import LocalMessage
from tenants import registry
from tenants.context import ActiveContract
from tests.integration.setup.test_invitations import TYPED, mailed_link, register
from tests.support.naive import fails_with
from tests.support.people import (
    EVERYWHERE,
    START,
    after,
    deliver_all,
    make_person,
    make_provider,
)
from tests.support.sign_in import sign_in_directly
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db
LATER = after(hours=1)


def path_of(provider: Provider) -> str:
    return f"/setup/providers/{provider.id}/give-up/"


def read(admin: Client, provider: Provider) -> tuple[str, dict[str, str]]:
    """Open the page; return what it says, and what its button sends."""
    answer = admin.get(path_of(provider))
    assert answer.status_code == 200
    html = answer.content.decode()
    seen = re.search(r'name="seen" value="(\w+)"', html)
    assert seen is not None
    return re.sub(r"\s+", " ", html), {"seen": seen.group(1)}


def give_up(by: User, provider: Provider) -> None:
    give_up_provider(provider_id=provider.id, seen=loss_of(provider).version, by=by.id, at=LATER)


def status_of(provider: Provider) -> str:
    return Provider.objects.get(pk=provider.pk).status


def told(user: User) -> list[str]:
    deliver_all()
    return [mail.text for mail in LocalMessage.objects.filter(to=user.email, channel="email")]


def test_the_page_spells_out_the_loss_and_the_button_ends_it(
    admin: Client, dana: User, chief: User, elm: Provider, oak: Provider
) -> None:
    admin.post(f"/setup/providers/{elm.id}/new-user/", TYPED)
    html, button = read(admin, elm)
    for said in ("2 users lose their roles", "2 of them work for no", "1 open invitation"):
        assert said in html
    answer = admin.post(path_of(elm), button)
    assert answer.headers["Location"] == "/setup/"
    assert status_of(elm) == ProviderStatus.ENDED
    assert roles_held(dana.id, elm) == roles_held(chief.id, elm) == set()
    assert not Invitation.objects.filter(Invitation.OPEN).exists()
    assert not ContractAccess.objects.filter(user=dana, until__isnull=True).exists()
    page = admin.get("/setup/").content.decode()
    assert "Elm Clinic was given up" in page
    assert "Manage Provider Groups (1)" in page


def test_who_lost_it_is_told_and_it_is_recorded_without_names(
    admin: Client, head: User, dana: User, elm: Provider, oak: Provider
) -> None:
    _html, button = read(admin, elm)
    admin.post(path_of(elm), button)
    for user in (dana, head):
        assert any(
            "Head Reed (head@clinic.example) has given up Elm Clinic" in mail for mail in told(user)
        )
    event = AuditEvent.objects.get(event_type="provider.given_up")
    assert (event.actor_id, event.subject_id) == (head.id, elm.id)
    assert event.data["memberships"] == 1
    assert AuditEvent.objects.filter(event_type="membership.ended").count() == 1
    assert "Elm" not in str(event.data)


def test_other_roles_other_providers_and_wider_invitations_stay(
    admin: Client, head: User, dana: User, elm: Provider, oak: Provider
) -> None:
    grant_provider_role(user=dana, provider=oak, role=Role.STAFF, by=head.id, at=START)
    admin.post(f"/setup/providers/{elm.id}/new-user/", TYPED | {"also_at": [str(oak.id)]})
    html, button = read(admin, elm)
    assert "The user goes on working for others" in html
    admin.post(path_of(elm), button)
    assert roles_held(dana.id, oak) == {"staff"}
    assert roles_held(head.id, oak) == {"group_admin"}
    assert Invitation.objects.get().is_open
    register(Client(), mailed_link())
    assert roles_held(User.objects.get(username="noor.h").id, oak) == {"staff"}
    assert not roles_held(User.objects.get(username="noor.h").id, elm)


def test_who_worked_there_is_out_with_the_next_request(
    admin: Client, dana: User, elm: Provider, oak: Provider
) -> None:
    hers = Client()
    sign_in_directly(hers, dana)
    assert "Elm Clinic" in hers.get("/home/").content.decode()
    _html, button = read(admin, elm)
    admin.post(path_of(elm), button)
    assert "Elm Clinic" not in hers.get("/home/").content.decode()


def test_the_number_is_free_once_and_the_new_holder_keeps_it(
    admin: Client, head: User, elm: Provider, oak: Provider, contract_a: ActiveContract
) -> None:
    html, button = read(admin, elm)
    assert "is free" in html
    admin.post(path_of(elm), button)
    theirs = make_provider(make_person("newcomer"), contract_a)
    assert theirs.identifier == elm.identifier
    # The same button again, and the page in another tab
    assert "was given up already" in admin.post(path_of(elm), button, follow=True).content.decode()
    assert admin.get(path_of(theirs)).status_code == 404
    assert status_of(theirs) == ProviderStatus.ACTIVE


def test_a_page_that_is_old_says_so_and_shows_the_present_loss(
    admin: Client, head: User, elm: Provider, oak: Provider
) -> None:
    _html, button = read(admin, elm)
    late = make_person("late")
    grant_provider_role(user=late, provider=elm, role=Role.STAFF, by=head.id, at=START)
    for sent in (button, {"seen": ""}, {}):
        answer = admin.post(path_of(elm), sent)
        assert answer.headers["Location"] == path_of(elm)
    html = admin.get(path_of(elm)).content.decode()
    assert "has changed since you opened the page" in html
    assert "1 user loses a role" in html
    assert status_of(elm) == ProviderStatus.ACTIVE


def test_with_the_last_provider_the_group_ends_and_nobody_is_held_by_it(
    admin: Client, head: User, elm: Provider, contract_a: ActiveContract
) -> None:
    deputy = make_person("deputy")
    grant_group_admin(user=deputy, group=elm.group, by=head.id, at=START)
    html, button = read(admin, elm)
    assert "It is the last provider" in html
    assert "2 users lose their roles" in html
    answer = admin.post(path_of(elm), button)
    assert answer.headers["Location"] == "/home/"
    assert not Membership.objects.filter(until__isnull=True).exists()
    # A group that has nothing to administer keeps nobody from leaving
    refuse_last_admin(head.id)
    assert "No provider here yet" in admin.get("/home/").content.decode()
    assert admin.post(path_of(elm), button).headers["Location"] == "/setup/administrators/"
    again = make_provider(head, contract_a)
    assert again.group_id != elm.group_id
    assert roles_held(deputy.id, again) == set()


def test_only_group_admins_and_only_their_own(
    client: Client, chief: User, dana: User, elm: Provider, stranger_provider: Provider
) -> None:
    sign_in_directly(client, chief)
    assert "give-up" not in client.get(f"/setup/providers/{elm.id}/").content.decode()
    version = {"seen": loss_of(elm).version}
    assert client.get(path_of(elm)).status_code == 403
    assert client.post(path_of(elm), version).status_code == 403
    other = {"seen": loss_of(stranger_provider).version}
    assert client.post(path_of(stranger_provider), other).status_code == 404
    with pytest.raises(ChangedMeanwhileError):
        give_up(chief, elm)
    assert Provider.objects.filter(status=ProviderStatus.ACTIVE).count() == 2


def test_it_needs_a_fresh_sign_in(admin: Client, elm: Provider, oak: Provider) -> None:
    session = admin.session
    key = "account_authentication_methods"
    session[key] = [{**entry, "at": entry["at"] - 600} for entry in session[key]]
    session.save()
    answer = admin.post(path_of(elm), {"seen": loss_of(elm).version})
    assert answer.headers["Location"].startswith("/confirm/?next=")
    assert status_of(elm) == ProviderStatus.ACTIVE


def pressed_at_once(number: int) -> tuple[Provider, Counter[str]]:
    first, second = make_person(f"ada{number}"), make_person(f"ben{number}")
    contract = registry.get_contract("wv-bh")
    provider = make_provider(first, contract, identifier=f"90000000{number:02}")
    grant_group_admin(user=second, group=provider.group, by=first.id, at=START)
    seen = loss_of(provider).version

    def press(place: int) -> str:
        by = (first, second)[place % 2]
        try:
            give_up_provider(provider_id=provider.id, seen=seen, by=by.id, at=LATER)
        except DomainError as error:
            return error.code
        return "done"

    return provider, Counter(at_once(6, press))


def many_at_once_give_it_up_once(number: int) -> None:
    provider, outcomes = pressed_at_once(number)
    assert outcomes == {"done": 1, "changed_meanwhile": 5}
    given_up = AuditEvent.objects.filter(event_type="provider.given_up", subject_id=provider.id)
    assert given_up.count() == 1
    assert status_of(provider) == ProviderStatus.ENDED


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_many_at_once_give_it_up_once() -> None:
    many_at_once_give_it_up_once(1)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_it_would_be_given_up_more_than_once() -> None:
    """The naive way: look whether it is active, and end it."""

    def again_and_again() -> None:
        for number in range(2, 12):
            many_at_once_give_it_up_once(number)

    fails_with(
        "core.groups.services.giving_up.hold_groups",
        lambda keys: list(ProviderGroup.objects.filter(id__in=keys)),
        again_and_again,
        where='assert outcomes == {"done": 1, "changed_meanwhile": 5}',
    )


def test_nobody_is_invited_or_added_to_what_was_given_up_meanwhile(
    head: User, dana: User, elm: Provider, oak: Provider, contract_c: ActiveContract
) -> None:
    stale = Provider.objects.get(pk=oak.pk)
    give_up(head, oak)
    invitee = Invitee("noor.h", "noor@clinic.example", "Noor", "Haddad")
    with pytest.raises(ChangedMeanwhileError):
        invite_user(
            invitee=invitee,
            providers=[stale],
            role=Role.STAFF,
            contract=contract_c,
            host="",
            by=head.id,
            entered=EVERYWHERE,
            at=LATER,
        )
    with pytest.raises(ChangedMeanwhileError):
        add_role(
            user=dana, provider=stale, role=Role.STAFF, by=head.id, entered=EVERYWHERE, at=LATER
        )
    assert not Invitation.objects.exists()


def test_whoever_manages_its_users_would_give_a_provider_up(
    client: Client, chief: User, dana: User, elm: Provider, stranger_provider: Provider
) -> None:
    """The naive way: an admin is an admin."""
    fails_with(
        "core.groups.views.giving_up.access_reached_provider",
        lambda reach, key, _permission: access_reached_provider(reach, key, Permission.USERS_VIEW),
        lambda: test_only_group_admins_and_only_their_own(
            client, chief, dana, elm, stranger_provider
        ),
        where="assert client.get(path_of(elm)).status_code == 403",
    )
