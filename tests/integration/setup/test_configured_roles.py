"""Roles that a program adds: each holder does what its permissions name, and nothing else."""

from contextlib import suppress

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from core.accounts.models import User
from core.groups.models import (
    BatchRow,
    Invitation,
    JoinRequest,
    Membership,
    Provider,
    Role,
)
from core.groups.selectors import administers_in
from core.groups.services.accepting import accept_invitation
from core.groups.services.invitations import InvitationOverError, Invitee, invite_user
from core.groups.services.join_requests import ask_to_join
from core.groups.services.memberships import grant_group_admin
from core.groups.services.roles import (
    ChangedMeanwhileError,
    RoleNotOfferedError,
    RoleNotYoursError,
    add_role,
    change_role,
    roles_held,
)
from core.notifications.models import LocalMessage
from tenants import registry
from tests.integration.setup.configured import (
    GREETER,
    LEAD,
    READER,
    offering,
    signed_in,
    somebody,
)
from tests.support.naive import fails_with
from tests.support.people import EVERYWHERE, after, deliver_all, make_person

pytestmark = pytest.mark.django_db
LATER = after(hours=1)


@pytest.fixture
def reader(elm: Provider, head: User) -> User:
    offering(READER, GREETER, LEAD)
    return somebody("reader", "reader", elm, by=head)


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer
    return str(answer.content.decode())


def stored() -> list[object]:
    """Return all that an act of Setup could change."""
    return [
        list(model.objects.order_by("pk").values())
        for model in (Membership, Invitation, JoinRequest, User)
    ]


def acts_on(elm: Provider, user: User, held: Membership) -> list[tuple[str, dict[str, str]]]:
    """Return forms of each act, as an admin's page would send them."""
    person = {"username": "new.person", "first_name": "New", "last_name": "Person"}
    role = {"was": held.role, "role": "provider_admin"}
    return [
        (reverse("setup:provider", args=[elm.id]), {"user": str(user.id), "role": "staff"}),
        (reverse("setup:new_user", args=[elm.id]), person),
        (reverse("setup:give_up", args=[elm.id]), {"seen": ""}),
        (reverse("setup:user", args=[user.id]), {"provider": str(elm.id), "role": "staff"}),
        (reverse("setup:details", args=[user.id]), {"first_name": "Other"}),
        (reverse("setup:act", args=[user.id, "deactivate"]), {}),
        (reverse("setup:act", args=[user.id, "reset-registration"]), {}),
        (reverse("setup:role", args=[held.id]), role),
        (reverse("setup:remove", args=[held.id]), role),
        (reverse("setup:move", args=[held.id]), {**role, "provider": str(elm.id)}),
        (reverse("setup:grid"), {f"c:{user.id}:{elm.id}": "", f"w:{user.id}:{elm.id}": "staff"}),
        (reverse("setup:batches"), {}),
        (reverse("setup:export"), {}),
    ]


def test_who_reads_sees_setup_without_an_act(reader: User, elm: Provider, dana: User) -> None:
    client = signed_in(reader)
    shown = page(client, "/setup/")
    assert "Manage Provider Groups (1)" in shown
    assert "Activity" in shown
    assert "Requests to join" not in shown
    people = page(client, reverse("setup:users"))
    assert "Dana" in people
    for offered in ("Invite many", "Change several at once", "Download as CSV"):
        assert offered not in people
    for path in (
        reverse("setup:provider", args=[elm.id]),
        reverse("setup:user", args=[dana.id]),
    ):
        opened = page(client, path)
        assert "Provider Staff Account" in opened
        assert 'name="role"' not in opened
        for offered in ("Add New User", "Give up", "Remove", "Deactivate", "Edit contact"):
            assert offered not in opened.split("<main")[1]
    assert "signed in" in page(client, reverse("setup:activity"))


def test_who_reads_changes_nothing_by_any_form(reader: User, elm: Provider, dana: User) -> None:
    client = signed_in(reader)
    before = stored()
    held = Membership.objects.get(user=dana, until__isnull=True)
    answers = {path: client.post(path, data) for path, data in acts_on(elm, dana, held)}
    refused = {path: answer.status_code for path, answer in answers.items()}
    # The two rows of the tabs take no form from who may give no role there.
    asked_again = {
        path for path, answer in answers.items() if answer.status_code == 200 and answer.content
    }
    assert set(refused.values()) <= {200, 403}
    assert asked_again == {
        reverse("setup:provider", args=[elm.id]),
        reverse("setup:user", args=[dana.id]),
    }
    assert stored() == before


def test_who_may_all_that_an_admin_may_would_have_changed_it(
    chief: User, elm: Provider, dana: User
) -> None:
    """The forms of the test above are those that an admin sends: they do something for one."""
    client = signed_in(chief)
    held = Membership.objects.get(user=dana, until__isnull=True)
    done = {}
    for path, data in acts_on(elm, dana, held):
        done[path] = client.post(path, data).status_code
    assert 403 not in {code for path, code in done.items() if "give-up" not in path}
    assert not Membership.objects.filter(pk=held.pk, until__isnull=True).exists()


def test_who_invites_gives_what_their_own_role_holds(
    reader: User, elm: Provider, head: User
) -> None:
    client = signed_in(somebody("greeter", "greeter", elm, by=head))
    form = page(client, reverse("setup:new_user", args=[elm.id]))
    assert 'value="staff"' in form
    assert 'value="greeter"' in form
    for beyond in ("reader", "lead", "provider_admin", "group_admin"):
        assert f'value="{beyond}"' not in form
    assert "Add New User" in page(client, reverse("setup:provider", args=[elm.id]))
    assert client.get(reverse("setup:grid")).status_code == 403
    assert client.get(reverse("setup:activity")).status_code == 403


@pytest.mark.parametrize(
    ("role", "refusal"),
    [
        ("staff", None),
        ("reader", None),
        ("lead", None),
        ("greeter", RoleNotYoursError),
        ("provider_admin", RoleNotYoursError),
        ("group_admin", RoleNotYoursError),
        ("owner", RoleNotOfferedError),
    ],
)
def test_who_gives_roles_gives_no_right_of_others(
    reader: User, elm: Provider, head: User, role: str, refusal: type[Exception] | None
) -> None:
    lead, new = somebody("lead", "lead", elm, by=head), make_person("new")

    def give() -> None:
        add_role(user=new, provider=elm, role=role, by=lead.id, entered=EVERYWHERE, at=LATER)

    if refusal is None:
        give()
        assert roles_held(new.id, elm) == {role}
        return
    with pytest.raises(refusal):
        give()
    assert roles_held(new.id, elm) == set()


def test_without_comparing_permissions_anybody_could_give_any_role(
    reader: User, elm: Provider, head: User
) -> None:
    lead, new = somebody("lead", "lead", elm, by=head), make_person("new")

    def check() -> None:
        with suppress(RoleNotYoursError):
            add_role(
                user=new,
                provider=elm,
                role="provider_admin",
                by=lead.id,
                entered=EVERYWHERE,
                at=LATER,
            )
        assert roles_held(new.id, elm) == set()

    check()
    fails_with(
        "core.groups.services.roles.may_manage",
        lambda *_args, contract_id: True,
        check,
        where="roles_held(new.id, elm) == set()",
    )


def test_a_role_counts_in_its_own_program_alone(
    reader: User, elm: Provider, oak: Provider, head: User
) -> None:
    with pytest.raises(RoleNotOfferedError):
        add_role(user=reader, provider=oak, role="reader", by=head.id, entered=EVERYWHERE, at=LATER)
    # The same key means something else in another program.
    offering({**LEAD, "key": "reader", "name": "Oak Reader"}, slug="acentra-sample")
    client = signed_in(reader)
    assert client.get(reverse("setup:grid")).status_code == 403


def test_who_gives_roles_changes_none_that_reaches_further(
    reader: User, elm: Provider, chief: User, head: User
) -> None:
    lead = somebody("lead", "lead", elm, by=head)
    held = Membership.objects.get(user=chief, until__isnull=True)
    with pytest.raises(ChangedMeanwhileError):
        change_role(
            membership_id=held.id,
            was=Role.PROVIDER_ADMIN,
            role="reader",
            by=lead.id,
            entered=EVERYWHERE,
            at=LATER,
        )
    assert roles_held(chief.id, elm) == {"provider_admin"}


def test_a_role_that_is_offered_no_longer_leaves_the_provider_to_see(
    reader: User, elm: Provider, head: User
) -> None:
    client = signed_in(reader)
    assert "Provider Reader" in page(client, "/home/")
    offering(GREETER)
    assert client.get("/setup/").status_code == 302
    home = page(client, "/home/")
    assert elm.name in home
    assert "A role that is no longer offered" in home
    admin = signed_in(head)
    opened = page(admin, reverse("setup:provider", args=[elm.id]))
    assert '<option value="reader" selected>A role that is no longer offered' in opened
    held = Membership.objects.get(user=reader, until__isnull=True)
    answer = admin.post(
        reverse("setup:role", args=[held.id]), {"was": "reader", "role": "greeter"}, follow=True
    )
    assert "is now Provider Greeter" in answer.content.decode()
    assert roles_held(reader.id, elm) == {"greeter"}


def test_a_publication_counts_with_the_next_request(elm: Provider, head: User, dana: User) -> None:
    offering({**READER, "permissions": ["users.view"]})
    client = signed_in(somebody("reader", "reader", elm, by=head))
    assert client.get(reverse("setup:grid")).status_code == 403
    ask_to_join(user=make_person("asks"), provider_id=elm.id, number="1", note="", at=LATER)
    assert "asks to join" not in page(client, "/home/")
    offering({**READER, "permissions": ["roles.manage", "requests.decide"]})
    assert client.get(reverse("setup:grid")).status_code == 200
    assert "asks to join" in page(client, "/home/")


def test_the_grid_the_sheet_and_the_mail_know_the_roles(
    reader: User, elm: Provider, dana: User, head: User, admin: Client
) -> None:
    name = f"{dana.id}:{elm.id}"
    shown = page(admin, reverse("setup:grid"))
    assert '<option value="greeter">Provider Greeter</option>' in shown
    asked = {f"c:{name}": "greeter", f"w:{name}": "staff"}
    confirm = admin.post(reverse("setup:grid"), asked).content.decode()
    assert "Provider Staff Account → Provider Greeter" in " ".join(confirm.split())
    admin.post(reverse("setup:grid"), {**asked, "confirmed": "1"})
    assert roles_held(dana.id, elm) == {"greeter"}
    deliver_all()
    mail = LocalMessage.objects.filter(to=dana.email).latest("sent_at")
    assert "you are now Provider Greeter" in " ".join(mail.text.split())
    sheet = b"".join(admin.post(reverse("setup:export")).streaming_content).decode()  # type: ignore[attr-defined]
    assert "Provider Greeter" in sheet
    assert "Provider Reader" in sheet
    assert "from Provider Staff Account to Provider Greeter" in page(
        admin, reverse("setup:activity")
    )


def test_admins_of_each_kind_hear_of_what_they_decide(
    reader: User, elm: Provider, head: User, chief: User
) -> None:
    greeter = somebody("greeter", "greeter", elm, by=head)
    ask_to_join(user=make_person("asks"), provider_id=elm.id, number="1", note="", at=LATER)
    deliver_all()
    told = set(LocalMessage.objects.filter(subject__icontains="join").values_list("to", flat=True))
    assert told == {head.email, chief.email, greeter.email}


def test_the_group_admins_role_gives_way_to_documented_ones_alone(
    reader: User, elm: Provider, head: User
) -> None:
    """A role for a whole group may reach programs that do not have the role."""
    second = make_person("second")
    made = grant_group_admin(user=second, group=elm.group, by=head.id, at=LATER)
    assert made is not None
    with pytest.raises(RoleNotOfferedError):
        change_role(
            membership_id=made.id,
            was=Role.GROUP_ADMIN,
            role="reader",
            by=head.id,
            entered=EVERYWHERE,
            at=LATER,
        )
    assert roles_held(second.id, elm) == {"group_admin"}


def test_an_invitation_to_a_configured_role_from_form_to_home(
    reader: User, elm: Provider, head: User
) -> None:
    greeter = signed_in(somebody("greeter", "greeter", elm, by=head))
    new = {
        "username": "kim.reed",
        "first_name": "Kim",
        "last_name": "Reed",
        "email": "kim@clinic.example",
        "confirm_email": "kim@clinic.example",
        "role": "greeter",
        "fax": "304-555-0133",
    }
    made = greeter.post(reverse("setup:new_user", args=[elm.id]), new)
    assert made.status_code == 302
    invited = Invitation.objects.get()
    assert "Provider Greeter" in page(greeter, reverse("setup:invitation", args=[invited.id]))
    deliver_all()
    mail = LocalMessage.objects.get(to="kim@clinic.example")
    assert "has added you as Provider Greeter" in " ".join(mail.text.split())
    # Who reads sees the invitation and has no button there.
    seen = page(signed_in(reader), reverse("setup:invitation", args=[invited.id]))
    assert "Withdraw" not in seen
    user = make_person("kim")
    Invitation.objects.update(link_used_at=LATER)
    accept_invitation(invitation_id=invited.id, user=user, at=LATER)
    assert roles_held(user.id, elm) == {"greeter"}


def test_an_inviter_without_the_permission_by_then_gives_nothing(
    reader: User, elm: Provider, head: User
) -> None:
    greeter = somebody("greeter", "greeter", elm, by=head)
    contract = registry.get_contract_by_id(elm.contract_id)
    invited = invite_user(
        invitee=Invitee("kim.reed", "kim@clinic.example", "Kim", "Reed"),
        providers=[elm],
        role="staff",
        contract=contract,
        host="localhost",
        by=greeter.id,
        entered=EVERYWHERE,
        at=LATER,
    )
    Invitation.objects.update(link_used_at=LATER)
    offering(READER, {**GREETER, "permissions": ["requests.decide"]})
    user = make_person("kim")
    with pytest.raises(InvitationOverError):
        accept_invitation(invitation_id=invited.id, user=user, at=LATER)
    assert roles_held(user.id, elm) == set()


def test_a_file_names_the_roles_of_its_program(admin: Client, reader: User, elm: Provider) -> None:
    header = "provider,first_name,last_name,email,fax,role"
    lines = [
        f"{elm.identifier},Kim,{n},{n}@reed.example,3045550133,{n}" for n in ("reader", "owner")
    ]
    lines.append(f"{elm.identifier},Kim,c,c@reed.example,3045550133,Provider Greeter")
    file = SimpleUploadedFile("new.csv", "\n".join([header, *lines]).encode(), "text/csv")
    taken = admin.post(reverse("setup:batches"), {"file": file})
    assert taken.status_code == 302, taken.content.decode()
    rows = list(BatchRow.objects.order_by("number").values_list("role", "problem"))
    assert [role for role, problem in rows if not problem] == ["reader", "greeter"]
    assert "The roles are: Provider Staff Account, Provider Reader" in rows[1][1]


def test_what_a_program_asks_of_admins_it_asks_of_whoever_sees_setup(
    reader: User, elm: Provider, dana: User
) -> None:
    assert administers_in(reader.id, elm.contract_id)
    assert not administers_in(dana.id, elm.contract_id)
