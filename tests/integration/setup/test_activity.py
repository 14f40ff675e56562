"""Activity by HTTP: what happened in an admin's providers, and nothing of what lies outside."""

import html
import re
from datetime import datetime
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import Q
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.accounts.models import User
from core.accounts.services.sign_in import complete_sign_in
from core.audit.recording import record
from core.common.context import bind_context
from core.groups.models import Invitation, JoinRequest, Membership, Provider, Role
from core.groups.services.giving_up import give_up_provider, loss_of
from core.groups.services.invitations import Invitee, invite_user
from core.groups.services.memberships import grant_group_admin, grant_provider_role
from core.groups.services.roles import change_role, end_membership
from tenants import registry
from tenants.context import ActiveContract
from tests.support.naive import fails_with
from tests.support.people import EVERYWHERE, accept_present_terms, after, make_person
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
ACTIVITY = "/setup/activity/"
LINE = re.compile(r'<p class="history__what">(.*?)</p>.*?<time[^>]*>(.*?)</time>', re.DOTALL)


def page_of(client: Client, path: str = ACTIVITY) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


def lines(client: Client, path: str = ACTIVITY) -> list[tuple[str, str]]:
    """Return the sentences of a page, each with its time."""
    return [
        (html.unescape(what), html.unescape(when))
        for what, when in LINE.findall(page_of(client, path))
    ]


def sentences(client: Client, path: str = ACTIVITY) -> list[str]:
    return [what for what, _ in lines(client, path)]


def signs_in(user: User, at: datetime, contract: ActiveContract | None = None) -> None:
    with bind_context(contract_id=contract.id if contract else None, remote_address="203.0.113.9"):
        complete_sign_in(user_id=user.id, methods=("password", "email"), at=at)


def client_of(user: User) -> Client:
    client = Client()
    sign_in_directly(client, user)
    return client


def held_by(user: User) -> Membership:
    return Membership.objects.get(user=user, until__isnull=True)


def test_who_did_what_to_whom_where_and_when(
    admin: Client, head: User, dana: User, elm: Provider
) -> None:
    held = held_by(dana)
    change_role(
        membership_id=held.id,
        was=Role.STAFF,
        role=Role.PROVIDER_ADMIN,
        by=head.id,
        entered=EVERYWHERE,
        at=after(hours=1),
    )
    end_membership(
        membership_id=held_by(dana).id,
        was=Role.PROVIDER_ADMIN,
        by=head.id,
        entered=EVERYWHERE,
        at=after(hours=2),
    )
    found = [one for one in lines(admin, f"{ACTIVITY}?kind=roles") if "Dana" in one[0]]
    # The two events of one change have one moment, and either may stand first.
    assert [when for _, when in found] == [
        f"March 2, 2026, {hour}" for hour in ("12:00 PM EST", *["11:00 AM EST"] * 2, "10:00 AM EST")
    ]
    assert set(found) == {
        (
            "Head Reed ended Dana Reed’s role Provider Admin at Elm Clinic.",
            "March 2, 2026, 12:00 PM EST",
        ),
        (
            (
                "Head Reed changed Dana Reed’s role at Elm Clinic from Provider Staff Account to "
                "Provider Admin."
            ),
            "March 2, 2026, 11:00 AM EST",
        ),
        (
            "Head Reed gave Dana Reed the role Provider Admin at Elm Clinic.",
            "March 2, 2026, 11:00 AM EST",
        ),
        (
            "Head Reed gave Dana Reed the role Provider Staff Account at Elm Clinic.",
            "March 2, 2026, 10:00 AM EST",
        ),
    }
    assert "Head Reed registered Elm Clinic." in sentences(admin)


def test_sign_ins_only_from_times_with_a_role(
    admin: Client, head: User, dana: User, elm: Provider
) -> None:
    signs_in(dana, after(hours=-1))
    signs_in(dana, after(hours=1))
    path = f"{ACTIVITY}?kind=sign_ins&q=dana"
    assert lines(admin, path) == [("Dana Reed signed in.", "March 2, 2026, 11:00 AM EST")]
    end_membership(
        membership_id=held_by(dana).id,
        was=Role.STAFF,
        by=head.id,
        entered=EVERYWHERE,
        at=after(hours=2),
    )
    signs_in(dana, after(hours=3))
    assert lines(admin, path) == []
    grant_provider_role(user=dana, provider=elm, role=Role.STAFF, by=head.id, at=after(hours=4))
    signs_in(dana, after(hours=5))
    assert [when for _, when in lines(admin, path)] == [
        "March 2, 2026, 3:00 PM EST",
        "March 2, 2026, 11:00 AM EST",
    ]


def test_a_sign_in_to_another_contract_is_seen_where_the_role_is(
    admin: Client, dana: User, oak: Provider, contract_a: ActiveContract, contract_c: ActiveContract
) -> None:
    head = User.objects.get(username="head")
    signs_in(dana, after(hours=1), contract_c)
    path = f"{ACTIVITY}?kind=sign_ins&q=dana"
    assert lines(admin, path) == []
    signs_in(dana, after(hours=2), contract_a)
    assert len(lines(admin, path)) == 1
    grant_provider_role(user=dana, provider=oak, role=Role.STAFF, by=head.id, at=after(minutes=1))
    assert len(lines(admin, path)) == 2
    assert len(lines(admin, f"/wv-bh{path}")) == 1


def test_nothing_of_another_group(
    admin: Client, dana: User, elm: Provider, stranger_provider: Provider
) -> None:
    ash = stranger_provider
    other = User.objects.get(username="other")
    zed = make_person("zed", factors=False)
    before = sentences(admin)
    for user in (zed, dana):
        grant_provider_role(
            user=user, provider=ash, role=Role.STAFF, by=other.id, at=after(hours=1)
        )
    end_membership(
        membership_id=Membership.objects.get(user=dana, provider=ash).id,
        was=Role.STAFF,
        by=other.id,
        entered=EVERYWHERE,
        at=after(hours=2),
    )
    signs_in(zed, after(hours=3))
    signs_in(other, after(hours=3))
    record(
        "account.details_changed",
        contract_id=ash.contract_id,
        actor_id=zed.id,
        subject=("account", zed.id),
        at=after(hours=3),
    )
    _invite(ash, other, "guest")
    _ask(ash, make_person("asker", factors=False))
    assert sentences(admin) == before
    html_page = page_of(admin)
    for word in ("Ash Clinic", "Zed", "Other Reed", "Guest", "Asker"):
        assert word not in html_page
    for word in ("zed", "other", "ash"):
        assert sentences(admin, f"{ACTIVITY}?q={word}") == []
    theirs = client_of(other)
    assert "Other Reed ended Dana Reed’s role Provider Staff Account at Ash Clinic." in sentences(
        theirs
    )
    assert "Elm Clinic" not in page_of(theirs)
    assert "Head" not in page_of(theirs)


def _invite(provider: Provider, by: User, name: str) -> None:
    invite_user(
        invitee=Invitee(name, f"{name}@clinic.example", name.title(), "Moss"),
        providers=[provider],
        role=Role.STAFF,
        contract=registry.get_contract_by_id(provider.contract_id),
        host="",
        by=by.id,
        entered=EVERYWHERE,
        at=after(hours=4),
    )


def _ask(provider: Provider, user: User) -> None:
    request = JoinRequest.objects.create(
        provider=provider, user=user, asked_at=after(hours=5), expires_at=after(days=14)
    )
    record(
        "join_request.sent",
        contract_id=provider.contract_id,
        actor_id=user.id,
        subject=("join_request", request.id),
        data={"provider": str(provider.id), "account": str(user.id)},
        at=after(hours=5),
    )


def test_invitations_and_requests(admin: Client, head: User, elm: Provider) -> None:
    _invite(elm, head, "guest")
    _ask(elm, make_person("asker", factors=False))
    found = sentences(admin)
    assert "Head Reed invited Guest Moss as Provider Staff Account at Elm Clinic." in found
    assert "Asker Reed asked to join Elm Clinic." in found


def test_a_provider_admin_reads_about_their_provider_alone(
    elm: Provider, oak: Provider, head: User, chief: User, dana: User
) -> None:
    grant_provider_role(user=dana, provider=oak, role=Role.STAFF, by=head.id, at=after(hours=1))
    deputy = make_person("deputy", factors=False)
    grant_group_admin(user=deputy, group=elm.group, by=head.id, at=after(hours=1))
    signs_in(deputy, after(hours=2))
    _invite(oak, head, "guest")
    page = page_of(client_of(chief))
    assert "Head Reed gave Dana Reed the role Provider Staff Account at Elm Clinic." in page
    for word in ("Oak Clinic", "Deputy", "Guest", "Head Reed signed in"):
        assert word not in page


def test_an_invitation_that_reaches_further_is_not_told(
    elm: Provider, oak: Provider, head: User, chief: User
) -> None:
    _invite(elm, head, "guest")
    _invite(elm, head, "wider")
    Invitation.objects.get(username="wider").providers.add(oak)
    found = " ".join(sentences(client_of(chief)))
    assert "Guest Moss" in found
    assert "Wider" not in found
    assert "Wider Moss" in " ".join(sentences(client_of(head)))


def test_a_provider_that_was_given_up_is_told_to_its_group(
    admin: Client, head: User, elm: Provider, oak: Provider
) -> None:
    Provider.objects.filter(pk=oak.pk).update(group=elm.group_id, contract=elm.contract_id)
    oak.refresh_from_db()
    give_up_provider(provider_id=oak.id, seen=loss_of(oak).version, by=head.id, at=after(hours=1))
    assert "Head Reed gave up Oak Clinic." in sentences(admin)
    assert not [one for one in sentences(client_of(chief_of(elm, head))) if "Oak" in one]


def chief_of(provider: Provider, head: User) -> User:
    user = make_person("chief")
    accept_present_terms(user, registry.get_contract_by_id(provider.contract_id))
    grant_provider_role(
        user=user, provider=provider, role=Role.PROVIDER_ADMIN, by=head.id, at=after(hours=0)
    )
    return user


def test_a_move_names_no_provider_out_of_reach(
    elm: Provider, oak: Provider, head: User, chief: User, dana: User
) -> None:
    record(
        "membership.moved",
        contract_id=elm.contract_id,
        actor_id=head.id,
        subject=("membership", held_by(dana).id),
        data={"account": str(dana.id), "provider": str(elm.id), "to": str(oak.id), "role": "staff"},
        at=after(hours=1),
    )
    found = sentences(client_of(chief), f"{ACTIVITY}?kind=roles")
    assert found[0] == "Head Reed moved Dana Reed from Elm Clinic to another provider."
    found = sentences(client_of(head), f"{ACTIVITY}?kind=roles")
    assert found[0] == "Head Reed moved Dana Reed from Elm Clinic to Oak Clinic."


def test_strangers_who_act_are_not_named(admin: Client, dana: User, elm: Provider) -> None:
    helper = make_person("helper", factors=False)
    User.objects.filter(pk=helper.pk).update(is_staff_member=True)
    stranger = make_person("stranger", factors=False)
    for hour, who in enumerate((helper, stranger, dana), start=1):
        record(
            "account.details_changed",
            actor_id=who.id,
            subject=("account", dana.id),
            data={"fields": ["phone"]},
            at=after(hours=hour),
        )
    assert sentences(admin, f"{ACTIVITY}?kind=accounts") == [
        "Dana Reed changed their own contact information.",
        "Somebody changed Dana Reed’s contact information.",
        "Staff of the program changed Dana Reed’s contact information.",
    ]


def test_no_address_of_a_network_and_no_event_of_another_kind(
    admin: Client, dana: User, elm: Provider
) -> None:
    signs_in(dana, after(hours=1))
    record(
        "users.exported",
        actor_id=dana.id,
        subject=("account", dana.id),
        data={"contracts": []},
        at=after(hours=1),
    )
    page = page_of(admin)
    assert "Dana Reed signed in." in page
    assert "203.0.113.9" not in page
    assert "exported" not in page


def test_on_a_programs_page_the_other_program_is_left_out(
    admin: Client, oak: Provider, dana: User
) -> None:
    both, one = page_of(admin), page_of(admin, f"/wv-bh{ACTIVITY}")
    assert "Oak Clinic" in both
    assert "Oak Clinic" not in one
    # One is in the east, the other in the middle: that is said, and each line says its own.
    assert "several time zones" in both
    assert "several time zones" not in one
    zones = {when.split()[-1] for _, when in lines(admin)}
    assert len(zones) > 1
    assert {when.split()[-1] for _, when in lines(admin, f"/wv-bh{ACTIVITY}")} < zones


def test_older_pages_go_on_where_the_former_ended(admin: Client, dana: User, elm: Provider) -> None:
    for minute in range(60):
        signs_in(dana, after(hours=1, minutes=minute // 2))
    seen: list[str] = []
    path = f"{ACTIVITY}?q=dana&kind=sign_ins"
    for size in (25, 25, 10):
        page = page_of(admin, path)
        found = LINE.findall(page)
        assert len(found) == size
        seen += [when for _, when in found]
        older = re.search(r'rel="next" href="(\?[^"]+)"', page)
        path = ACTIVITY + html.unescape(older[1]) if older else ""
        assert ("kind=sign_ins" in path) is (size == 25)
    assert path == ""
    expected = [f"March 2, 2026, 11:{minute:02} AM EST" for minute in range(29, -1, -1)]
    assert list(dict.fromkeys(seen)) == expected


@pytest.mark.parametrize(
    "query",
    ["?before=x", "?before=9-9", f"?before={'9' * 40}-{UUID(int=1)}", "?kind=none", "?q=%00"],
)
def test_nonsense_in_the_address_is_no_error(admin: Client, query: str) -> None:
    assert "Head Reed registered Elm Clinic." in sentences(admin, ACTIVITY + query)


def test_a_page_costs_few_statements_however_much_it_shows(
    admin: Client, head: User, elm: Provider, oak: Provider
) -> None:
    page_of(admin)
    for place in range(8):
        user = make_person(f"user{place}", factors=False)
        grant_provider_role(user=user, provider=elm, role=Role.STAFF, by=head.id, at=after(hours=1))
        _invite(oak, head, f"guest{place}")
        _ask(elm, user)
    with CaptureQueriesContext(connection) as asked:
        assert len(LINE.findall(page_of(admin))) == 25
    own = [one["sql"] for one in asked if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert 0 < len(own) <= 12, "\n".join(own)


def test_who_manages_nobody_reads_nothing(dana: User) -> None:
    client = client_of(dana)
    assert client.get(ACTIVITY).status_code == 302


def test_all_that_its_users_do_would_be_shown(
    admin: Client, head: User, dana: User, elm: Provider
) -> None:
    """The naive way: a user's sign-ins are those of the account."""
    fails_with(
        "core.groups.activity.events._while_they_had_a_role",
        lambda _scope: Q(),
        lambda: test_sign_ins_only_from_times_with_a_role(admin, head, dana, elm),
        where='assert lines(admin, path) == [("Dana Reed signed in."',
    )
