"""Drafts: one for each author and contract, never overwritten unseen, forgotten in the end."""

from datetime import timedelta

import pytest

from contracts.console.models import Draft
from contracts.console.services.drafts import (
    DraftExistsError,
    OtherSlugError,
    StaleDraftError,
    create_draft,
    discard_draft,
    purge_drafts,
    save_draft,
    save_draft_section,
)
from core.accounts.models import User
from core.audit.models import AuditEvent
from core.staff.models import StaffRole
from tests.support.drafts import make_draft
from tests.support.people import START
from tests.support.staff import make_staff
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db
LATER = START + timedelta(hours=1)


@pytest.fixture
def olive() -> User:
    return make_staff(StaffRole.OPERATOR)


def saved(draft: Draft, brand: dict[str, object], *, version: int) -> Draft:
    value = {**draft.document["brand"], **brand}
    return save_draft_section(
        draft=draft, section="brand", value=value, version=version, by=draft.author_id, at=LATER
    )


def test_two_authors_have_a_draft_each_and_one_author_has_one(olive: User) -> None:
    otto = make_staff(StaffRole.OPERATOR, name="otto")
    mine, other = make_draft(olive), make_draft(otto)
    saved(mine, {"product": "Mine"}, version=1)
    other.refresh_from_db()
    assert other.document["brand"]["product"] != "Mine"
    with pytest.raises(DraftExistsError):
        make_draft(olive)


def test_a_section_is_saved_and_the_others_stay(olive: User) -> None:
    draft = make_draft(olive)
    after = saved(draft, {"product": "New name"}, version=1)
    assert after.document["brand"]["product"] == "New name"
    assert {**after.document, "brand": 0} == {**draft.document, "brand": 0}
    event = AuditEvent.objects.get(event_type="draft.saved")
    assert event.data == {"slug": "wv-bh", "version": 2, "sections": ["brand"]}
    # Saved once more without a change, it is neither a version nor an event.
    assert saved(after, {}, version=2).version == 2
    assert AuditEvent.objects.filter(event_type="draft.saved").count() == 1


def test_what_was_saved_in_another_tab_is_not_overwritten(olive: User) -> None:
    draft = make_draft(olive)
    saved(draft, {"product": "Of the first tab"}, version=1)
    with pytest.raises(StaleDraftError):
        saved(draft, {"product": "Of the second tab"}, version=1)
    draft.refresh_from_db()
    assert draft.document["brand"]["product"] == "Of the first tab"


def test_what_cannot_be_published_is_kept_all_the_same(olive: User) -> None:
    draft = make_draft(olive)
    wrong = save_draft_section(
        draft=draft, section="terms", value="no terms yet", version=1, by=olive.id, at=LATER
    )
    assert wrong.document["terms"] == "no terms yet"


def test_a_draft_stays_about_its_contract(olive: User) -> None:
    draft = make_draft(olive)
    other = {**draft.document, "contract": {**draft.document["contract"], "slug": "ms-um"}}
    with pytest.raises(OtherSlugError):
        save_draft(draft=draft, document=other, version=1, by=olive.id, at=LATER)
    with pytest.raises(OtherSlugError):
        create_draft(slug="va-dmas", author=olive.id, base=1, document=other, at=LATER)


def test_a_discarded_draft_takes_nothing_more(olive: User) -> None:
    draft = make_draft(olive)
    for _ in range(2):
        discard_draft(draft=draft, by=olive.id, at=LATER)
    assert AuditEvent.objects.filter(event_type="draft.discarded").count() == 1
    with pytest.raises(StaleDraftError):
        saved(draft, {"product": "Too late"}, version=1)


def test_drafts_that_nobody_saves_any_more_go(olive: User) -> None:
    make_draft(olive)
    assert purge_drafts(at=START + timedelta(days=90)) == 0
    assert purge_drafts(at=START + timedelta(days=90, seconds=1)) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_tabs_that_save_at_once_one_is_told() -> None:
    draft = make_draft(make_staff(StaffRole.OPERATOR))

    def save(place: int) -> str:
        try:
            saved(draft, {"product": f"Tab {place}"}, version=1)
        except StaleDraftError:
            return "told"
        return f"Tab {place}"

    told = at_once(2, save)
    draft.refresh_from_db()
    assert sorted(told, key=len) == ["told", draft.document["brand"]["product"]]
    assert draft.version == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_that_begin_a_draft_at_once_one_is_told() -> None:
    olive = make_staff(StaffRole.OPERATOR)

    def begin(_place: int) -> str:
        try:
            make_draft(olive)
        except DraftExistsError:
            return "told"
        return "begun"

    assert sorted(at_once(2, begin)) == ["begun", "told"]
