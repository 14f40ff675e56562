"""Previews: the portal's pages on an unpublished document, which write and tell nothing."""

import base64
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import InternalError, connection
from django.test import Client

from contracts.console.models import Draft, PreviewLink
from contracts.console.previewing.tokens import preview_token
from contracts.console.services.drafts import discard_draft
from contracts.console.services.previews import (
    MOST_LINKS,
    TooManyLinksError,
    purge_preview_links,
    take_back_preview_link,
)
from contracts.roster.models import RosterEntry
from core.accounts.models import User
from core.accounts.policies import OfferedOptions, offered_options
from core.accounts.services.accounts import deactivate_account
from core.audit.models import AuditEvent
from core.common import clock
from core.common.ids import uuid7
from core.staff.models import StaffMember, StaffRole
from core.staff.services.members import end_role, grant_role
from tenants import registry
from tenants.backend.reading import reading_only
from tenants.context import ActiveContract, contract_context
from tests.support.drafts import make_draft
from tests.support.naive import fails_with
from tests.support.people import make_person
from tests.support.previews import (
    JOURNEY,
    document_of,
    forms_of,
    link_to,
    path_of,
    paths_of,
    text_of,
    walk,
)
from tests.support.sign_in import sign_in_directly
from tests.support.staff import make_staff

pytestmark = pytest.mark.django_db
LABEL = "Number on the purple card"
COLOR = "#7a1fa2"


@pytest.fixture
def olive() -> User:
    return make_staff(StaffRole.OPERATOR)


@pytest.fixture
def draft(olive: User) -> Draft:
    return make_draft(olive, brand__color=COLOR, registration__code_label=LABEL)


@pytest.fixture
def visitor() -> Client:
    return Client()


def rows_written() -> dict[str, int]:
    """Return how many rows were written to each table of the database, by its own count."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schemaname || '.' || relname, n_tup_ins + n_tup_upd + n_tup_del"
            " FROM pg_stat_xact_all_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0"
        )
        return dict(cursor.fetchall())


def test_a_link_shows_the_draft_in_its_words_and_colour(draft: Draft, visitor: Client) -> None:
    link = link_to(draft)
    start = text_of(visitor, path_of(link, "pages/register/"))
    assert LABEL in start
    assert "PREVIEW" in start
    assert "stored or sent" in start
    sheet = start.partition("/brand/")[2].partition('"')[0]
    assert COLOR in text_of(visitor, path_of(link, f"pages/brand/{sheet}"))
    assert LABEL not in text_of(visitor, "/wv-bh/register/")


def test_every_listed_page_and_mail_is_there(draft: Draft, visitor: Client) -> None:
    link = link_to(draft)
    for path in paths_of(draft):
        shown = text_of(visitor, path_of(link, path))
        if not path.endswith(("html/", "username/")):
            assert ">PREVIEW<" in shown, path
    text = text_of(visitor, path_of(link, "mails/registration_link/"))
    assert f"{path_of(link)}pages/register/link/preview/" in text


def test_an_address_that_is_not_previewed_says_so(draft: Draft, visitor: Client) -> None:
    link = link_to(draft)
    for path in ("pages/setup/", "pages/nothing", "pages/staff/", "mails/other/", "nothing"):
        assert "not part of the preview" in text_of(visitor, path_of(link, path), status=404)


def test_forms_lead_on_and_stay_in_the_preview(draft: Draft, visitor: Client) -> None:
    base = path_of(link_to(draft))
    onwards = {
        "pages/": "pages/login/phone/",
        "pages/login/phone/": "pages/home/",
        "pages/register/": f"{JOURNEY}provider/",
        f"{JOURNEY}information/": f"{JOURNEY}terms/",
        f"{JOURNEY}terms/": f"{JOURNEY}confirmation/",
        "pages/register/link/preview/": "pages/home/",
    }
    forms = forms_of(draft)
    for path, to in onwards.items():
        answer = visitor.post(base + path, forms[path])
        assert answer.headers.get("Location") == base + to, answer.content.decode()
    # Every link of a page stays below the preview, or leaves the portal for good.
    page = text_of(visitor, base + "pages/register/")
    targets = [part.partition('"')[0] for part in page.split('href="')[1:]]
    own = [one for one in targets if one.startswith("/") and not one.startswith("/static/")]
    assert own
    assert all(one.startswith(base) for one in own), own


def test_a_preview_writes_nothing(draft: Draft, visitor: Client) -> None:
    base = path_of(link_to(draft))
    before = rows_written()
    walk(visitor, draft, base)
    assert rows_written() == before


def test_the_database_itself_refuses_to_write(draft: Draft) -> None:
    """So that a page of the portal that begins to write some day fails here, and writes nothing."""
    with pytest.raises(InternalError, match="read-only"), reading_only():
        Draft.objects.filter(pk=draft.pk).update(note="written")
    Draft.objects.filter(pk=draft.pk).update(note="written")  # outside the block it may be


def test_a_page_that_writes_fails(
    draft: Draft, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = link_to(draft)

    def writes(contract: ActiveContract) -> OfferedOptions:
        Draft.objects.filter(pk=draft.pk).update(note="written")
        return offered_options(contract)

    monkeypatch.setattr("contracts.console.previewing.pages.offered_options", writes)
    with pytest.raises(InternalError, match="read-only"):
        visitor.get(path_of(link, "pages/mfa-help/"))


def test_a_preview_that_only_means_to_write_nothing_would_write(
    draft: Draft, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails_with(
        "contracts.console.previewing.visits.reading_only",
        nullcontext,
        lambda: test_a_page_that_writes_fails(draft, visitor, monkeypatch),
        where="with pytest.raises(InternalError",
    )


def test_no_contract_is_in_hand(draft: Draft, visitor: Client) -> None:
    """What would look into a roster finds no table, even where the contract is published."""
    seen: list[str] = []
    link = link_to(draft)

    def note(run: Callable[..., object], sql: str, *rest: object) -> object:
        seen.append(sql)
        return run(sql, *rest)

    with connection.execute_wrapper(note):
        walk(visitor, draft, path_of(link))
    assert seen
    # The link, and whether who made it still may: nothing else.
    allowed = (
        "contracts_console_previewlink",
        "core_staff_staffmember",
        "SAVEPOINT",
        "transaction_read_only",
    )
    assert [sql for sql in seen if not any(word in sql for word in allowed)] == []


def test_a_signed_in_visitor_stays_as_they_are(draft: Draft, visitor: Client) -> None:
    link = link_to(draft)
    paul = make_person("paul")
    sign_in_directly(visitor, paul)
    cookies = {name: one.value for name, one in visitor.cookies.items()}
    before = rows_written()
    walk(visitor, draft, path_of(link))
    assert {name: one.value for name, one in visitor.cookies.items()} == cookies
    assert rows_written() == before
    assert paul.email not in text_of(visitor, path_of(link, "pages/home/"))


def test_no_cookie_no_cache_no_index_no_referrer(draft: Draft, visitor: Client) -> None:
    link = link_to(draft)
    others = [link.id.hex, preview_token(uuid7())]
    paths = [path_of(link, one) for one in paths_of(draft)]
    for path in [*paths, *(f"/preview/{token}/" for token in others)]:
        for answer in (visitor.get(path), visitor.post(path)):
            assert not answer.cookies, path
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert "noindex" in answer.headers["X-Robots-Tag"]
            assert "Cookie" not in answer.headers.get("Vary", "")


def test_nobodys_username_and_no_entry_of_the_roster_is_told(draft: Draft, visitor: Client) -> None:
    base = path_of(link_to(draft))
    make_person("taken")
    with contract_context(registry.get_contract("wv-bh")):
        entry = RosterEntry.objects.filter(removed_at=None, identifier_type="npi").first()
    assert entry
    claim = {"identifier": entry.identifier, "code": entry.code}
    assert visitor.post(base + "pages/register/", claim).headers["Location"]
    assert entry.name not in text_of(visitor, f"{base}{JOURNEY}provider/")
    answers = {
        visitor.get(f"{base}{JOURNEY}username/?username={name}").content
        for name in ("taken", "nobody-has-this")
    }
    assert len(answers) == 1


def test_links_that_do_not_work_are_all_alike(draft: Draft, visitor: Client) -> None:
    at = clock.now()
    over = link_to(draft, hours=1, at=at - timedelta(hours=2))
    back = link_to(draft)
    take_back_preview_link(link=back, by=draft.author_id, at=at)
    forged = base64.urlsafe_b64encode(back.id.bytes + bytes(16)).decode().rstrip("=")
    unknown = preview_token(uuid4())
    tokens = [preview_token(over.id), preview_token(back.id), forged, unknown, "x", "%C3%A9", "a=="]
    answers = [
        visitor.get(f"/preview/{token}/{rest}") for token in tokens for rest in ("", "pages/home/")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert "Ask whoever sent you the link" in answers[0].content.decode()


def test_a_link_that_nobody_signed_opens_nothing(draft: Draft, visitor: Client) -> None:
    link = link_to(draft)
    token = base64.urlsafe_b64encode(link.id.bytes + bytes(16)).decode().rstrip("=")
    assert visitor.get(f"/preview/{token}/").status_code == 404


def test_the_keys_of_links_alone_would_open_them(draft: Draft, visitor: Client) -> None:
    fails_with(
        "contracts.console.previewing.tokens.constant_time_equal",
        lambda *_: True,
        lambda: test_a_link_that_nobody_signed_opens_nothing(draft, visitor),
        where="assert visitor.get",
    )


def test_a_link_shows_what_it_was_made_of(draft: Draft, olive: User, visitor: Client) -> None:
    link = link_to(draft)
    other = link_to(make_draft(olive, "ms-um"))
    draft.document["registration"]["code_label"] = "Changed afterwards"
    draft.save()
    assert LABEL in text_of(visitor, path_of(link, "pages/register/"))
    shown = text_of(visitor, path_of(other, "pages/register/"))
    assert LABEL not in shown
    assert document_of(draft).contract.name not in shown


def test_a_link_ends_with_its_draft_and_with_its_makers_account(
    draft: Draft, olive: User, visitor: Client
) -> None:
    first, second = link_to(draft), link_to(make_draft(olive, "ms-um"))
    discard_draft(draft=draft, by=olive.id, at=clock.now())
    assert visitor.get(path_of(first)).status_code == 404
    assert visitor.get(path_of(second)).status_code == 200
    deactivate_account(user_id=olive.id, reason="left", by=None, at=clock.now())
    assert visitor.get(path_of(second)).status_code == 404


def test_a_link_ends_with_the_role_of_its_maker(visitor: Client) -> None:
    contract = registry.get_contract("wv-bh")
    ada = make_staff(StaffRole.CONTRACT_ADMIN, contract, name="ada")
    link = link_to(make_draft(ada, brand__color=COLOR))
    assert visitor.get(path_of(link)).status_code == 200
    member = StaffMember.objects.get(user=ada)
    end_role(member_id=member.id, reason="left the program", by=None, at=clock.now())
    grant_role(
        user_id=ada.id,
        role=StaffRole.CONTRACT_ADMIN,
        contract_id=registry.get_contract("ms-um").id,
        by=None,
        at=clock.now(),
    )
    assert visitor.get(path_of(link)).status_code == 404


def test_the_real_sign_in_is_not_filled_in_a_preview(draft: Draft, visitor: Client) -> None:
    """A preview looks like the page that a browser keeps a password for, at the same host."""
    path = path_of(link_to(draft), "pages/login/phone/")
    sent = visitor.post(path, {"email": "nobody", "password": "Not a password 1"})
    for page in (text_of(visitor, path), sent.content.decode()):
        assert 'autocomplete="new-password"' in page
        assert "current-password" not in page
        assert 'autocomplete="username"' not in page
        assert "Not a password 1" not in page


def test_links_are_counted_recorded_and_forgotten(draft: Draft) -> None:
    links = [link_to(draft) for _ in range(MOST_LINKS)]
    with pytest.raises(TooManyLinksError):
        link_to(draft)
    at = clock.now()
    assert take_back_preview_link(link=links[0], by=draft.author_id, at=at)
    assert not take_back_preview_link(link=links[0], by=draft.author_id, at=at)
    link_to(draft)
    events = AuditEvent.objects.filter(event_type__startswith="preview_link.")
    assert events.filter(event_type="preview_link.taken_back").count() == 1
    made = events.filter(event_type="preview_link.made").latest("at")
    assert made.data == {"slug": "wv-bh", "of": "draft", "hours": 4}
    assert made.contract_id == registry.get_contract("wv-bh").id
    purge_preview_links(at=at + timedelta(hours=5))
    assert not PreviewLink.objects.exists()


def test_links_stand_on_the_portal_host_alone(draft: Draft, visitor: Client) -> None:
    path = path_of(link_to(draft))
    assert visitor.get(f"/wv-bh{path}").status_code == 404
    assert visitor.get(path, headers={"Host": "wv-bh.localhost"}).status_code == 404
