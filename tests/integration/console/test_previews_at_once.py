"""Links to a preview that are made at the same moment, over real connections."""

from threading import Barrier
from typing import Any

import pytest

from contracts.console.models import Draft, PreviewLink
from contracts.console.services import previews
from contracts.console.services.previews import MOST_LINKS, TooManyLinksError
from core.staff.models import StaffRole
from tests.support.drafts import make_draft
from tests.support.naive import fails_with
from tests.support.previews import link_to
from tests.support.staff import make_staff
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def pressed(draft: Draft) -> str:
    try:
        link_to(draft)
    except TooManyLinksError as error:
        return error.code
    return "made"


def test_two_presses_at_once_make_no_link_too_many() -> None:
    draft = make_draft(make_staff(StaffRole.OPERATOR))
    for _ in range(MOST_LINKS - 1):
        link_to(draft)
    came = at_once(2, lambda _place: pressed(draft))
    assert sorted(came) == ["made", "preview_links_too_many"]
    assert PreviewLink.objects.count() == MOST_LINKS


def test_links_that_are_counted_side_by_side_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    both_have_counted, listed = Barrier(2), previews.list_links

    class Listed:
        def __init__(self, *args: Any, **named: Any) -> None:
            self.found = listed(*args, **named)

        def count(self) -> int:
            count = self.found.count()
            if count == MOST_LINKS - 1:
                both_have_counted.wait(timeout=30)
            return count

    monkeypatch.setattr(previews, "_hold_links", lambda *_: None)
    fails_with(
        "contracts.console.services.previews.list_links",
        Listed,
        test_two_presses_at_once_make_no_link_too_many,
        where="preview_links_too_many",
    )
