"""A provider's admin gives an office access, changes its end, and ends it; the office sees it."""

import re
from datetime import date, timedelta
from typing import Any
from unittest import mock
from uuid import UUID

import pytest
from django.test import Client

from core.accounts.models import User
from core.accounts.services.attempts import Allowance
from core.audit.models import AuditEvent
from core.common import clock
from core.groups import third_parties
from core.groups.grant_days import last_day_of
from core.groups.models import AccessGrant, GrantEnd, Office, Provider, Role
from core.groups.office_codes import in_blocks, new_code
from core.groups.services.access_grants import (
    EndDateError,
    GrantTerms,
    NoThirdPartiesError,
    give_access,
)
from core.groups.services.grant_changes import change_access
from core.groups.services.memberships import grant_provider_role
from core.groups.services.offices import replace_code
from tenants.context import ActiveContract
from tests.integration.first_login.walking import mails_to
from tests.integration.offices.conftest import in_days, signed_in, through
from tests.support.naive import fails_with
from tests.support.people import EVERYWHERE, START, make_person, make_provider
from tests.support.publishing import publish_change

pytestmark = pytest.mark.django_db
GIVE = "/setup/third-parties/give/"


def enter(client: Client, code: str, **more: Any) -> Any:
    return client.post(GIVE, {"code": code, **more})


def give(client: Client, office: Office, *providers: Provider, **more: Any) -> Any:
    keys = [str(one.id) for one in providers]
    terms = {"role": "staff", "last_day": in_days(90).isoformat()}
    return enter(client, in_blocks(office.code), providers=keys, **{**terms, **more})


@pytest.fixture
def fir(head: User, oak: Provider, contract_c: ActiveContract) -> Provider:
    """Return one more provider of the same program."""
    return make_provider(head, contract_c, name="Fir Clinic")


def test_of_many_providers_those_that_fit_are_shown_and_chosen_ones_stay(
    admin: Client, office: Office, oak: Provider, fir: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(third_parties, "MOST_CHOICES", 1)
    code = in_blocks(office.code)
    first = enter(admin, code).content.decode()
    assert "Find one of your providers" in first
    assert ("Fir Clinic" in first, "Oak Clinic" in first) == (True, False)
    chosen = {"providers": [str(fir.id), "nothing"], "last_day": "2030-06-30"}
    found = enter(admin, code, q="oak", find="yes", **chosen).content.decode()
    assert ("Fir Clinic" in found, "Oak Clinic" in found) == (True, True)
    assert re.search(rf'value="{fir.id}"[^>]*checked', found)
    assert "2030-06-30" in found
    assert not AccessGrant.objects.exists()
    given = enter(
        admin,
        code,
        q="oak",
        providers=[str(fir.id), str(oak.id)],
        role="staff",
        last_day=in_days(90).isoformat(),
    )
    assert given.status_code == 302
    assert {one.provider for one in AccessGrant.objects.all()} == {fir, oak}


def test_the_code_shows_name_and_place_and_gives_nothing(
    admin: Client, office: Office, oak: Provider
) -> None:
    assert "Third parties" in admin.get("/setup/").content.decode()
    page = enter(admin, in_blocks(office.code).lower()).content.decode()
    assert "River Billing" in page
    assert "Jackson, MS" in page
    assert "Oak Clinic" in page
    assert re.search(rf'value="{oak.id}"[^>]*checked', page)  # the only one
    assert "4 Quay Street" not in page
    assert not AccessGrant.objects.exists()


def test_access_is_given_and_both_sides_hear_of_it(
    admin: Client, office: Office, oak: Provider, head: User, olive: User
) -> None:
    chief = make_person("chief")
    grant_provider_role(user=chief, provider=oak, role=Role.PROVIDER_ADMIN, by=head.id, at=START)
    assert give(admin, office, oak).headers["Location"] == "/setup/third-parties/"
    grant = AccessGrant.objects.get()
    assert (grant.provider, grant.office, grant.role) == (oak, office, Role.STAFF)
    assert last_day_of(grant) == in_days(90)
    shown = admin.get("/setup/third-parties/").content.decode()
    assert "River Billing" in shown
    assert "Nobody at present" in shown
    to_office = mails_to(olive.email)[0]
    assert to_office.subject.startswith("Access to Oak Clinic")
    # The office reads name, program and place of the provider, and nobody's name
    assert "Mississippi UM Program, Charleston, WV" in to_office.text
    assert "Head" not in to_office.text
    assert "Head Reed" in mails_to(chief.email)[0].text
    assert mails_to(head.email) == [] or "access" not in mails_to(head.email)[0].text
    event = AuditEvent.objects.get(event_type="access_grant.given")
    assert event.actor_id == head.id
    assert event.contract_id == oak.contract_id


def test_a_wrong_code_and_a_dead_one_find_nobody(
    admin: Client, office: Office, oak: Provider, olive: User
) -> None:
    former = office.code
    replace_code(
        office_id=office.id, seen=office.code_made_at.isoformat(), by=olive.id, at=clock.now()
    )
    wrong = former[:-1] + ("2" if former[-1] != "2" else "3")
    pages = [enter(admin, code).content.decode() for code in (wrong, former, new_code(), "?")]
    assert all("No office has this code" in page for page in pages)
    assert not any("River Billing" in page for page in pages)
    assert AuditEvent.objects.filter(event_type="office_code.refused").count() == 4
    assert not AuditEvent.objects.filter(data__icontains=former).exists()


def test_codes_cannot_be_tried_without_end(admin: Client, office: Office, oak: Provider) -> None:
    with mock.patch("core.groups.services.access_grants.LOOKUPS_PER_HOUR", 3):
        for _ in range(3):
            enter(admin, "2222")
        answer = enter(admin, office.code)
    assert answer.status_code == 429
    assert "River Billing" not in answer.content.decode()


def test_a_program_without_third_parties_is_not_offered(
    admin: Client, office: Office, elm: Provider
) -> None:
    assert "Elm Clinic" not in enter(admin, office.code).content.decode()
    give(admin, office, elm)
    assert not AccessGrant.objects.exists()


def test_where_no_program_lets_them_in_the_pages_do_not_exist(
    admin: Client, office: Office, oak: Provider, grant: AccessGrant, contract_c: ActiveContract
) -> None:
    publish_change(contract_c.slug, groups__third_parties=False)
    paths = ("/setup/third-parties/", GIVE, f"/setup/third-parties/{grant.id}/")
    assert {admin.get(path).status_code for path in paths} == {404}
    assert "Third parties" not in admin.get("/setup/").content.decode()


def test_what_is_published_counts_and_not_what_a_process_remembers(
    office: Office, elm: Provider, head: User
) -> None:
    with pytest.raises(NoThirdPartiesError):
        give_access(
            office=office,
            providers=[elm],
            terms=through(5),
            by=head.id,
            entered=EVERYWHERE,
            at=clock.now(),
        )


@pytest.mark.parametrize("days", [-2, 369])
def test_access_ends_within_a_year(admin: Client, office: Office, oak: Provider, days: int) -> None:
    page = give(admin, office, oak, last_day=in_days(days).isoformat()).content.decode()
    assert "at most 366 days" in page
    assert "Error:" in page
    assert not AccessGrant.objects.exists()


def test_a_day_without_a_next_one_is_refused_like_any_other(
    admin: Client, office: Office, oak: Provider, grant: AccessGrant
) -> None:
    never = date.max.isoformat()
    assert (
        "Choose a day from 1900 to 2199."
        in give(admin, office, oak, last_day=never).content.decode()
    )
    was = {"was": last_day_of(grant).isoformat(), "was_role": "staff"}
    wanted = {**was, "role": "staff", "last_day": never}
    page = admin.post(f"/setup/third-parties/{grant.id}/", wanted, follow=True)
    assert "Choose a day from 1900 to 2199." in page.content.decode()


def test_a_second_access_of_the_same_office_is_refused_and_all_or_none_is_given(
    admin: Client, office: Office, oak: Provider, grant: AccessGrant
) -> None:
    assert "already" in give(admin, office, oak).content.decode()
    assert AccessGrant.objects.count() == 1


def test_a_lapsed_one_is_ended_before_the_next_begins(
    admin: Client, office: Office, oak: Provider, grant: AccessGrant
) -> None:
    lapse(grant)
    assert give(admin, office, oak).status_code == 302
    grant.refresh_from_db()
    assert grant.end == GrantEnd.TIME
    assert AccessGrant.objects.get(ended_at__isnull=True).provider == oak


def test_the_last_day_is_changed_and_an_old_page_changes_nothing(
    admin: Client, grant: AccessGrant, olive: User
) -> None:
    was = last_day_of(grant)
    role = {"was_role": "staff", "role": "staff"}
    wanted = {"was": was.isoformat(), "last_day": in_days(200).isoformat(), **role}
    assert admin.post(f"/setup/third-parties/{grant.id}/", wanted).status_code == 302
    grant.refresh_from_db()
    assert last_day_of(grant) == in_days(200)
    assert "has changed" in mails_to(olive.email)[0].subject
    stale = {"was": was.isoformat(), "last_day": in_days(20).isoformat(), **role}
    answer = admin.post(f"/setup/third-parties/{grant.id}/", stale, follow=True)
    assert "Nothing was done" in answer.content.decode()
    grant.refresh_from_db()
    assert last_day_of(grant) == in_days(200)


def test_another_day_must_be_within_a_year_too(grant: AccessGrant, head: User) -> None:
    with pytest.raises(EndDateError):
        change_access(
            grant_id=grant.id,
            seen=GrantTerms(grant.role, last_day_of(grant)),
            wanted=GrantTerms(grant.role, date(2999, 1, 1)),
            by=head.id,
            entered=EVERYWHERE,
            at=clock.now(),
        )


def test_either_side_ends_it_and_both_hear_of_it(
    admin: Client, hers: Client, grant: AccessGrant, head: User, olive: User
) -> None:
    assert "Keep it" in hers.get(f"/offices/access/{grant.id}/end/").content.decode()
    answer = hers.post(f"/offices/access/{grant.id}/end/")
    assert answer.headers["Location"] == f"/offices/{grant.office_id}/"
    grant.refresh_from_db()
    assert (grant.end, grant.ended_by) == (GrantEnd.OFFICE, olive.id)
    assert "Ended by the office" in mails_to(head.email)[0].text
    # Pressed twice, and by the other side, it has ended already
    assert (
        "Nothing was done"
        in hers.post(f"/offices/access/{grant.id}/end/", follow=True).content.decode()
    )
    assert (
        "Nothing was done"
        in admin.post(f"/setup/third-parties/{grant.id}/end/", follow=True).content.decode()
    )
    assert AuditEvent.objects.filter(event_type="access_grant.ended").count() == 1


def test_the_providers_admin_ends_it(admin: Client, grant: AccessGrant, olive: User) -> None:
    assert "Keep it" in admin.get(f"/setup/third-parties/{grant.id}/end/").content.decode()
    admin.post(f"/setup/third-parties/{grant.id}/end/")
    grant.refresh_from_db()
    assert grant.end == GrantEnd.PROVIDER
    assert "Ended by the provider" in mails_to(olive.email)[0].text


def test_what_is_another_groups_is_not_found(
    grant: AccessGrant, assigned: Any, ash: Provider, office: Office
) -> None:
    """An admin of another group, and one of another office, see and change nothing."""
    stranger = signed_in(User.objects.get(username="other"))
    assert stranger.get(f"/offices/{office.id}/").status_code == 404
    paths = {
        f"/setup/third-parties/{grant.id}/",
        f"/setup/third-parties/{grant.id}/end/",
        f"/offices/{office.id}/close/",
        f"/offices/{office.id}/new-user/",
        f"/offices/access/{grant.id}/",
        f"/offices/access/{grant.id}/end/",
    }
    nobody = UUID("01900000-0000-7000-8000-000000000000")
    for path in paths:
        assert stranger.get(path).status_code == stranger.post(path).status_code == 404, path
    for path in (
        f"/setup/third-parties/people/{assigned.id}/end/",
        f"/offices/assigned/{assigned.id}/end/",
        f"/offices/{office.id}/code/",
        f"/offices/people/{assigned.id}/role/",
    ):
        answers = [
            stranger.post(one) for one in (path, path.replace(str(assigned.id), str(nobody)))
        ]
        assert {one.status_code for one in answers} == {404}, path
    code = office.code
    office.refresh_from_db()
    assigned.refresh_from_db()
    grant.refresh_from_db()
    assert (office.code, assigned.until, grant.ended_at) == (code, None, None)


def test_a_new_code_ends_the_old_one_and_no_access(
    hers: Client, office: Office, grant: AccessGrant
) -> None:
    former, seen = office.code, office.code_made_at.isoformat()
    for _ in range(2):
        hers.post(f"/offices/{office.id}/code/", {"seen": seen})
    office.refresh_from_db()
    assert office.code != former
    assert AuditEvent.objects.filter(event_type="office.code_replaced").count() == 1
    grant.refresh_from_db()
    assert grant.ended_at is None


def test_access_that_has_lapsed_is_over_before_the_hourly_task_has_run(
    admin: Client, grant: AccessGrant
) -> None:
    path = f"/setup/third-parties/{grant.id}/"
    assert "Change this access" in admin.get(path).content.decode()
    lapse(grant)
    page = admin.get(path).content.decode()
    assert "<dd>ended</dd>" in page
    assert "Change this access" not in page


def lapse(grant: AccessGrant) -> None:
    """Let a grant's last day have passed."""
    AccessGrant.objects.filter(pk=grant.pk).update(
        since=clock.now() - timedelta(days=90), until=clock.now() - timedelta(seconds=1)
    )


def test_without_a_limit_codes_could_be_tried_out(
    admin: Client, office: Office, oak: Provider
) -> None:
    """The naive way: a code is long enough."""
    fails_with(
        "core.groups.services.access_grants.count_attempt",
        lambda **_asked: Allowance(allowed=True),
        lambda: test_codes_cannot_be_tried_without_end(admin, office, oak),
        where="assert answer.status_code == 429",
    )
