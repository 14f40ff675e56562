"""Sections with many rows: what fits is saved, what does not is told, and nothing is lost."""

from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from contracts.console.drafts.content import sections
from contracts.console.models import Draft
from contracts.console.sections.nodes import MOST_ROWS, Leaf, Node, OneOf, Rows, Table
from contracts.console.sections.reading import section_node
from contracts.console.sections.saving import mark_of
from core.accounts.models import User
from core.staff.models import StaffRole
from tests.support.drafts import make_draft
from tests.support.staff import staff_client
from tests.unit.console.test_sections import typed_of

pytestmark = pytest.mark.django_db
SUPPORT = "/staff/contracts/wv-bh/draft/support/"


def contacts(count: int) -> list[dict[str, str]]:
    return [{"purpose": f"Help {place}", "phone": "304-555-0100"} for place in range(count)]


@pytest.fixture
def operator() -> Client:
    return staff_client(StaffRole.OPERATOR)


def draft_with(count: int) -> Draft:
    draft = make_draft(User.objects.get(username="olive"))
    draft.document["support"] = contacts(count)  # as a file may say it, right or wrong
    draft.save(update_fields=["document"])
    return draft


def form_of(draft: Draft, **more: Any) -> dict[str, Any]:
    typed = typed_of("support", draft.document["support"])
    return {**typed, "seen": mark_of(draft, "support"), "do": "save", **more}


def most_fields(node: Node) -> int:
    """Return how many fields the largest form of a node sends."""
    match node:
        case Table(parts=parts):
            return sum(most_fields(one) for one in parts.values())
        case OneOf(tables=tables):
            return 1 + sum(most_fields(one) for one in tables.values())
        case Rows(about=about, item=item):
            assert about.longest is not None, f"{about.path} has no bound"
            assert about.longest <= MOST_ROWS
            return about.longest * (1 + most_fields(item))
    assert isinstance(node, Leaf)
    return len(node.about.choices) if node.look == "some" else 1


def test_the_largest_form_of_a_section_is_taken() -> None:
    largest = max(most_fields(section_node(name)) for name in sections())
    around = len(("csrfmiddlewaretoken", "seen", "do"))
    assert largest + around > settings.DATA_UPLOAD_MAX_NUMBER_FIELDS // 2
    assert largest + around <= settings.DATA_UPLOAD_MAX_NUMBER_FIELDS


def test_as_many_rows_as_there_may_be_are_saved_and_one_more_is_told(operator: Client) -> None:
    draft = draft_with(MOST_ROWS)
    form = form_of(draft, **{"support-0-purpose": ["Another"]})
    assert operator.post(SUPPORT, form).status_code == 302
    draft.refresh_from_db()
    assert len(draft.document["support"]) == MOST_ROWS
    assert draft.document["support"][0]["purpose"] == "Another"
    page = unescape(operator.post(SUPPORT, form_of(draft, do="add support")).content.decode())
    assert "There are 100 already" in page
    assert "Another" in page


def test_a_list_that_a_file_made_too_long_is_not_cut_by_a_form(operator: Client) -> None:
    draft = draft_with(MOST_ROWS + 5)
    page = unescape(operator.get(SUPPORT).content.decode())
    assert "There are 105, and a form shows 100 of them" in page
    assert page.count('-purpose"') >= MOST_ROWS
    for act in ("save", "remove support 3", "up support 3", "add support"):
        answer = operator.post(SUPPORT, form_of(draft, do=act))
        assert answer.status_code == 200
        assert "a form shows 100 of them" in answer.content.decode()
    draft.refresh_from_db()
    assert len(draft.document["support"]) == MOST_ROWS + 5


def test_names_of_rows_without_inputs_draw_no_more_than_fit(operator: Client) -> None:
    draft = draft_with(1)
    names = [str(place) for place in range(980)]
    page = operator.post(SUPPORT, form_of(draft, support=names)).content.decode()
    assert page.count('-purpose"') < 4 * MOST_ROWS
    assert len(Draft.objects.get().document["support"]) == 1


def test_more_than_any_form_sends_is_answered_with_what_to_do(operator: Client) -> None:
    draft = draft_with(1)
    many = {f"support-{place}-purpose": ["x"] for place in range(1_500)}
    answer = operator.post(SUPPORT, form_of(draft, **many))
    assert answer.status_code == 400
    assert "what you typed is still there" in answer.content.decode()
    long = operator.post(SUPPORT, form_of(draft, **{"support-0-hours": ["x" * 1_100_000]}))
    assert (long.status_code, "what you typed is still there" in long.content.decode()) == (
        400,
        True,
    )
    assert Draft.objects.get().version == 1
