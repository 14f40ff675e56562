"""Home says what needs doing: to whom, in which program, and where it is done."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.accounts.models import InactivityWarning, User
from core.accounts.services.accounts import deactivate_account
from core.common import clock
from core.groups.home import build_home
from core.groups.models import Provider, Role
from core.groups.services.invitations import Invitee, invite_user
from core.groups.services.join_requests import ask_to_join, withdraw_join
from core.groups.services.memberships import grant_group_admin, grant_provider_role
from core.groups.services.recoveries import ask_recovery
from tenants.configuration.document import Notice
from tenants.context import ActiveContract
from tests.support.people import (
    EVERYWHERE,
    START,
    after,
    make_person,
    make_provider,
)
from tests.support.sign_in import sign_in_directly

pytestmark = pytest.mark.django_db
LATER = after(hours=1)
SMS = ("password", "sms")


@pytest.fixture
def head() -> User:
    return make_person("head")


@pytest.fixture
def elm(head: User, contract_a: ActiveContract) -> Provider:
    return make_provider(head, contract_a)


@pytest.fixture
def oak(head: User, elm: Provider, contract_c: ActiveContract) -> Provider:
    return make_provider(head, contract_c, identifier="1000000012", name="Oak Clinic")


@pytest.fixture
def dana(elm: Provider, head: User) -> User:
    user = make_person("dana")
    grant_provider_role(user=user, provider=elm, role=Role.STAFF, by=head.id, at=START)
    return user


def said(
    user: User, contract: ActiveContract | None = None, used: tuple[str, ...] = SMS
) -> list[str]:
    page = build_home(user, contract=contract, used=used, at=LATER)
    return [one.sentence for one in page.to_do]


def ask(user: User, provider: Provider) -> None:
    ask_to_join(user=user, provider_id=provider.id, number="", note="", at=LATER)


def invite(head: User, provider: Provider, contract: ActiveContract, name: str = "noor") -> None:
    invite_user(
        invitee=Invitee(name, f"{name}@office.example", "Noor", "Haddad"),
        providers=[provider],
        role=Role.STAFF,
        contract=contract,
        host="",
        by=head.id,
        entered=EVERYWHERE,
        at=LATER,
    )


def warn(user: User) -> None:
    since = user.last_used_at or user.created_at
    InactivityWarning.objects.create(user=user, since=since, days=50, warned_at=LATER)


ALONE = "You are the only Provider Group Admin."


def test_a_group_with_one_admin_is_told_and_with_two_it_is_not(head: User, elm: Provider) -> None:
    assert [one.startswith(ALONE) for one in said(head)] == [True]
    second = make_person("second")
    grant_group_admin(user=second, group=elm.group, by=head.id, at=START)
    assert said(head) == said(second) == []
    deactivate_account(user_id=second.id, reason="left", by=head.id, at=LATER)
    assert [one.startswith(ALONE) for one in said(head)] == [True]


def test_a_program_that_wants_no_reminder_gives_none(
    head: User, elm: Provider, contract_a: ActiveContract, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups = contract_a.document.groups.model_copy(update={"single_admin_reminder": False})
    document = contract_a.document.model_copy(update={"groups": groups})
    silent = replace(contract_a, document=document)
    monkeypatch.setattr("core.groups.home.find_contract", lambda _key: silent)
    assert said(head) == []


def test_requests_invitations_and_warned_users_are_counted_for_admins_alone(
    head: User, elm: Provider, dana: User, contract_a: ActiveContract
) -> None:
    ask(make_person("zoe"), elm)
    ask(make_person("kim"), elm)
    invite(head, elm, contract_a)
    warn(dana)
    assert [one.split(".")[0] for one in said(head)] == [
        "2 people ask to join your providers",
        "You are the only Provider Group Admin",
        "One user has been warned that the account closes because nobody uses it",
        "One invitation has not been accepted yet",
    ]
    assert said(dana) == []
    other = make_person("other")
    make_provider(other, contract_a, identifier="1000000020", name="Ash Clinic")
    assert [one.startswith(ALONE) for one in said(other)] == [True]


def test_who_has_been_here_since_the_warning_is_not_about_to_go(
    head: User, elm: Provider, dana: User
) -> None:
    warn(dana)
    assert any("warned" in one for one in said(head))
    User.objects.filter(pk=dana.pk).update(last_used_at=LATER)
    assert not any("warned" in one for one in said(head))


def test_a_program_shows_its_own_and_what_was_not_entered_shows_nothing(
    head: User, oak: Provider, contract_a: ActiveContract, contract_c: ActiveContract
) -> None:
    ask(make_person("zoe"), oak)
    assert any("asks to join" in one for one in said(head, contract_c))
    assert not any("asks to join" in one for one in said(head, contract_a))
    assert any("asks to join" in one for one in said(head))
    assert said(head, used=("password", "recovery")) == []


def test_an_admin_who_is_to_be_replaced_reads_it_first(
    head: User, elm: Provider, dana: User
) -> None:
    ask_recovery(user=dana, provider_id=elm.id, evidence="left", at=LATER)
    [first, *_] = build_home(head, contract=None, used=SMS, at=LATER).to_do
    assert first.is_urgent
    assert "no administrator can be reached" in first.sentence


def test_who_waits_for_an_admin_reads_it_with_or_without_a_provider(
    elm: Provider, dana: User, oak: Provider
) -> None:
    noor = make_person("noor")
    assert said(noor) == []
    ask(noor, elm)
    ask(dana, oak)
    assert (
        said(noor)
        == said(dana)
        == ["Your request to join a provider waits for its administrators."]
    )
    withdraw_join(request_id=noor.join_requests.get().id, by=noor.id, at=LATER)
    assert said(noor) == []


def test_the_page_leads_to_where_it_is_done(client: Client, head: User, elm: Provider) -> None:
    ask(make_person("zoe"), elm)
    sign_in_directly(client, head)
    html = client.get("/wv-bh/home/").content.decode()
    assert "What needs doing" in html
    assert 'href="/wv-bh/setup/requests/"' in html
    assert 'href="/wv-bh/setup/users/"' in html


def test_the_notices_of_each_program_stand_with_it_on_the_portal(
    head: User, elm: Provider, contract_a: ActiveContract, monkeypatch: pytest.MonkeyPatch
) -> None:
    banner = Notice(
        text="Closed on Friday.", from_at=LATER - timedelta(1), until_at=LATER + timedelta(1)
    )

    def show(_document: object, at: datetime) -> tuple[Notice, ...]:
        return (banner,) if at == LATER else ()

    monkeypatch.setattr("tenants.configuration.document.ContractDocument.notices_at", show)
    [part] = build_home(head, contract=None, used=SMS, at=LATER).parts
    assert [one.text for one in part.notices] == [banner.text]
    # The program's own pages show them at their head.
    [part] = build_home(head, contract=contract_a, used=SMS, at=LATER).parts
    assert part.notices == ()


def test_it_costs_no_statement_more(head: User, elm: Provider, dana: User) -> None:
    user = User.objects.with_contracts().get(pk=head.pk)
    build_home(user, contract=None, used=SMS, at=clock.now())
    with CaptureQueriesContext(connection) as queries:
        build_home(user, contract=None, used=SMS, at=clock.now())
    assert len(queries) == 1
