"""Notices without a revision: who publishes them, where they stand, and two editors at once."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from contracts.console.services.notices import (
    MOST,
    NoticeChangedError,
    TooManyNoticesError,
    end_notice,
    publish_notice,
    replace_notice,
)
from core.audit.models import AuditEvent
from core.common import clock
from core.common.ids import uuid7
from core.staff.models import StaffRole
from tenants import registry
from tenants.banners import Banner
from tenants.models import ContractNotice
from tests.support.days import day_of
from tests.support.people import make_person, make_provider
from tests.support.publishing import publish_change
from tests.support.sign_in import sign_in_directly
from tests.support.staff import staff_client
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db
LIST = "/staff/contracts/wv-bh/notices/"
WORDS = "The portal rests on Sunday."
HOSTILE = '<script>alert(1)</script> {{7*7}} "quoted"'
BY = uuid7()


@pytest.fixture
def admin() -> Client:
    return staff_client(StaffRole.CONTRACT_ADMIN, registry.get_contract("wv-bh"))


def banner(text: str = WORDS, *, begins: int = -1, ends: int = 1) -> Banner:
    at = clock.now()
    return Banner(text, at + timedelta(hours=begins), at + timedelta(hours=ends))


def published(text: str = WORDS, *, slug: str = "wv-bh", **hours: int) -> ContractNotice:
    return publish_notice(
        contract_id=registry.get_contract(slug).id,
        key=uuid7(),
        banner=banner(text, **hours),
        by=BY,
        at=clock.now(),
    )


def typed(**given: str) -> dict[str, str]:
    day = day_of(days=2).isoformat()
    known = {"text": WORDS, "level": "info", "ends_on": day, "ends_time": "18:00"}
    return {"key": str(uuid7()), **known, **given}


def login_page(slug: str = "wv-bh") -> str:
    return Client().get(f"/{slug}/login/email/").content.decode()


def test_a_contract_admin_publishes_and_the_page_of_that_contract_alone_shows_it(
    admin: Client,
) -> None:
    given = typed(link_label="Read more", link_url="https://state.example/rest")
    assert admin.post(f"{LIST}new/", given).headers["Location"] == LIST
    page = login_page()
    assert WORDS in page
    assert '<a href="https://state.example/rest" rel="noopener">Read more</a>' in page
    assert WORDS not in login_page("ms-um")
    assert WORDS not in Client().get("/login/email/").content.decode()
    row = ContractNotice.objects.get()
    event = AuditEvent.objects.get(event_type="notice.published")
    assert (event.subject_id, event.contract_id) == (row.pk, row.contract_id)
    assert WORDS not in str(event.data)


def test_home_shows_the_notices_of_each_program() -> None:
    person = make_person("mia")
    make_provider(person, registry.get_contract("wv-bh"))
    client = Client()
    sign_in_directly(client, person)
    published()
    assert WORDS in client.get("/home/").content.decode()


def test_what_somebody_types_is_text(admin: Client) -> None:
    admin.post(f"{LIST}new/", typed(text=HOSTILE))
    for page in (login_page(), admin.get(LIST).content.decode()):
        assert "&lt;script&gt;alert(1)&lt;/script&gt; {{7*7}}" in page
        assert "<script>alert" not in page


def test_a_warm_page_asks_nothing_for_its_notices(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    published()
    contract, at = registry.get_contract("wv-bh"), clock.now()
    with django_assert_num_queries(0):
        assert [one.text for one in registry.banners_at(contract, at)] == [WORDS]


def test_a_preview_publishes_nothing_and_keeps_what_was_typed(admin: Client) -> None:
    shown = admin.post(f"{LIST}new/", typed(preview="1")).content.decode()
    assert "Nothing is published yet." in shown
    assert shown.count(WORDS) == 2  # the banner and the field
    sheet = shown.split('href="/wv-bh/brand/')[1].split('"')[0]
    assert Client().get(f"/wv-bh/brand/{sheet}").headers["Cache-Control"].startswith("public")
    assert not ContractNotice.objects.exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"text": ""}, "Enter the text."),
        ({"link_url": "https://state.example/"}, "Enter the words of a link after the text."),
        ({"link_label": "More"}, "Enter the address of the link."),
        ({"link_label": "More", "link_url": "javascript:alert(1)"}, "begins with https://."),
        ({"link_label": "More", "link_url": "http://state.example/"}, "begins with https://."),
        ({"ends_on": "2020-01-01"}, "This time has passed."),
        # A moment in its last hours is in the year 10000 elsewhere: no process could read it.
        ({"ends_on": "9999-12-31"}, "Choose a day from 1900 to 2199."),
        ({"starts_on": "2020-01-01", "starts_time": "06:00"}, "This time has passed."),
        ({"starts_on": "2091-01-01", "starts_time": "06:00"}, "later than the beginning."),
        ({"starts_on": "2091-01-01"}, "Enter the from, time."),
        ({"text": "a\u0007b"}, "remove characters that cannot be seen."),
        ({"level": "loud"}, "Error:"),
    ],
)
def test_wrong_input_is_explained_and_kept(
    admin: Client, given: dict[str, str], message: str
) -> None:
    shown = admin.post(f"{LIST}new/", typed(**given)).content.decode()
    assert message in shown
    assert "18:00" in shown
    assert not ContractNotice.objects.exists()


def test_times_are_the_contracts_own(admin: Client) -> None:
    given = typed(starts_on="2031-03-02", starts_time="06:30", ends_on="2031-03-03")
    admin.post(f"{LIST}new/", given)
    zone = ZoneInfo(registry.get_contract("wv-bh").document.contract.time_zone)
    row = ContractNotice.objects.get()
    assert row.from_at == datetime(2031, 3, 2, 6, 30, tzinfo=zone)
    assert row.until_at == datetime(2031, 3, 3, 18, 0, tzinfo=zone)
    assert WORDS not in login_page()
    assert "None is coming." not in admin.get(LIST).content.decode()


def test_a_double_click_publishes_once(admin: Client) -> None:
    given = typed()
    for _ in range(2):
        assert admin.post(f"{LIST}new/", given).status_code == 302
    assert ContractNotice.objects.count() == 1


def test_a_forms_key_of_another_contract_is_refused() -> None:
    other = published(slug="ms-um")
    with pytest.raises(NoticeChangedError):
        publish_notice(
            contract_id=registry.get_contract("wv-bh").id,
            key=other.pk,
            banner=banner(),
            by=BY,
            at=clock.now(),
        )


def test_changing_one_keeps_its_beginning_and_what_stood_there_before(admin: Client) -> None:
    row = published("Old words.")
    path = f"{LIST}{row.pk}/"
    fields = admin.get(path).context["form"].initial
    given = {name: str(value) for name, value in fields.items()} | {"text": "New words."}
    assert admin.post(path, given).headers["Location"] == LIST
    page = login_page()
    assert "New words." in page
    assert "Old words." not in page
    after = ContractNotice.objects.get(text="New words.")
    assert (after.from_at, after.until_at) == (row.from_at, row.until_at)
    assert after.replaces == row
    assert "Old words." in admin.get(LIST).content.decode()
    assert "changed meanwhile" in admin.get(path, follow=True).content.decode()
    assert "changed or ended meanwhile" in admin.post(path, given).content.decode()
    assert AuditEvent.objects.filter(event_type="notice.changed").count() == 1


def test_one_is_ended_at_once_and_only_once(admin: Client) -> None:
    path = f"{LIST}{published().pk}/end/"
    assert "is ended" in admin.post(path, follow=True).content.decode()
    assert "over or changed meanwhile" in admin.post(path, follow=True).content.decode()
    assert WORDS not in login_page()
    assert AuditEvent.objects.filter(event_type="notice.ended").count() == 1


def test_there_is_an_end_to_banners() -> None:
    for _ in range(MOST):
        published()
    with pytest.raises(TooManyNoticesError):
        published()
    assert published(slug="ms-um")


def test_notices_of_the_document_go_on_and_are_listed(admin: Client) -> None:
    at = clock.now()
    times = [(at + timedelta(days=days)).isoformat() for days in (-1, 1)]
    publish_change(
        "wv-bh", notices=[{"text": "Of the document.", "from_at": times[0], "until_at": times[1]}]
    )
    published()
    page = login_page()
    assert page.index("Of the document.") < page.index(WORDS)
    assert "Of the document." in admin.get(LIST).content.decode()


def test_who_may_not_publish_looks_on() -> None:
    row = published()
    desk = staff_client(StaffRole.HELP_DESK)
    shown = desk.get(LIST).content.decode()
    assert WORDS in shown
    assert "End now" not in shown
    for path in (f"{LIST}new/", f"{LIST}{row.pk}/", f"{LIST}{row.pk}/end/"):
        assert desk.post(path, typed()).status_code == 403
    assert ContractNotice.objects.filter(ended_at=None).count() == 1


def test_notices_of_other_contracts_are_not_there(admin: Client) -> None:
    row = published(slug="ms-um")
    assert admin.get("/staff/contracts/ms-um/notices/").status_code == 404
    assert admin.post("/staff/contracts/ms-um/notices/new/", typed()).status_code == 404
    for path in (f"{LIST}{row.pk}/", f"{LIST}{row.pk}/end/"):
        assert admin.post(path, typed()).status_code == 404
    row.refresh_from_db()
    assert row.ended_at is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"link_url": "javascript:alert(1)", "link_label": "x"},
        {"link_url": "https://state.example/"},
        {"level": "loud"},
        {"until_at": datetime(2020, 1, 1, tzinfo=ZoneInfo("UTC"))},
    ],
)
def test_the_database_refuses_what_no_form_sends(wrong: dict[str, object]) -> None:
    row = published()
    with pytest.raises(IntegrityError), transaction.atomic():
        ContractNotice.objects.filter(pk=row.pk).update(**wrong)


@pytest.mark.django_db(transaction=True)
def test_of_two_editors_at_once_one_is_told() -> None:
    row = published()

    def change(place: int) -> str:
        try:
            replace_notice(notice=row, banner=banner(f"Of {place}."), by=BY, at=clock.now())
        except NoticeChangedError:
            return "told"
        return f"Of {place}."

    told = at_once(2, change)
    standing = [one.text for one in ContractNotice.objects.filter(ended_at=None)]
    assert sorted(told, key=len) == ["told", *standing]


@pytest.mark.django_db(transaction=True)
def test_a_double_click_at_one_moment_publishes_once() -> None:
    contract, key = registry.get_contract("wv-bh").id, uuid7()

    def publish(_place: int) -> UUID:
        return publish_notice(
            contract_id=contract, key=key, banner=banner(), by=BY, at=clock.now()
        ).pk

    assert at_once(2, publish) == [key, key]
    row = ContractNotice.objects.get()
    ended = at_once(2, lambda _: end_notice(notice=row, by=BY, at=clock.now()))
    assert sorted(ended) == [False, True]
