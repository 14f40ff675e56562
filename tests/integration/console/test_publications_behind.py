"""A publication that waits while somebody else publishes: it comes to nothing, and says so."""

import re

import pytest

from contracts.console.models import PlannedPublication
from contracts.console.services.publications import Wish, approve_publication, plan_publication
from core.accounts.models import User
from core.common import clock
from core.staff.models import StaffRole
from tenants import registry
from tenants.configuration.refusals import PublishedMeanwhileError
from tests.support.publishing import publish_change
from tests.support.staff import make_staff, staff_client
from tests.unit.configuration.documents import changed

pytestmark = pytest.mark.django_db


def _plan(author: User) -> PlannedPublication:
    document = changed(registry.get_contract("wv-bh").document, brand__product="Planned")
    wish = Wish(document=document, base=1, note="As agreed", needs_approval=True)
    return plan_publication(wish=wish, author=author, at=clock.now())


def test_what_was_published_meanwhile_is_declined_and_not_approved() -> None:
    olive = staff_client(StaffRole.OPERATOR)
    found = _plan(make_staff(StaffRole.OPERATOR, name="otto"))
    path = f"/staff/contracts/wv-bh/publications/{found.id}/"
    publish_change("wv-bh", mfa__attempts=2)
    assert "comes to nothing" in olive.get(path).content.decode()
    approved = olive.post(f"{path}decide/", {"decision": "approve", "reason": "Seen"})
    page = olive.get(approved.headers["Location"]).content.decode()
    assert "It cannot be approved any more" in page
    assert re.findall(r'name="decision" value="([a-z]+)"', page) == ["decline"]
    # Only what its author changed, not that it would undo what was published.
    assert "What it changes of revision 1 (1)" in page
    by = User.objects.get(username="olive").id
    with pytest.raises(PublishedMeanwhileError):
        approve_publication(publication=found, by=by, reason="Seen", at=clock.now())
    olive.post(f"{path}decide/", {"decision": "decline", "reason": "Old"})
    found.refresh_from_db()
    assert found.state == "declined"
