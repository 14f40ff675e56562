"""What waits for staff, on their first page: publications that they may approve."""

import pytest
from django.test import Client

from core.accounts.models import User
from core.staff.models import StaffRole
from tenants import registry
from tests.support.drafts import make_draft
from tests.support.publishing import publish_change
from tests.support.staff import staff_client

pytestmark = pytest.mark.django_db


def _ask(client: Client, slug: str, name: str) -> str:
    """Ask for a publication of a contract where a second person approves; return its page."""
    publish_change(slug, publishing__second_person=True)
    make_draft(User.objects.get(username=name), slug=slug, brand__product="New name")
    asked = {"when": "now", "reason": "As agreed", "base": 2, "version": 1}
    return str(client.post(f"/staff/contracts/{slug}/draft/review/", asked).headers["Location"])


def _home(client: Client) -> str:
    return client.get("/staff/").content.decode()


def test_a_publication_waits_for_who_may_approve_it_and_for_nobody_else() -> None:
    olive = staff_client(StaffRole.OPERATOR)
    otto = staff_client(StaffRole.OPERATOR, name="otto")
    admin = staff_client(StaffRole.CONTRACT_ADMIN, registry.get_contract("wv-bh"), name="ada")
    page = _ask(olive, "wv-bh", "olive")
    assert f'<a href="{page}">1 publication waits for your approval</a>' in _home(otto)
    assert "You can approve or decline it" in otto.get(page).content.decode()
    assert "Somebody else" in olive.get(page).content.decode()
    for other in (olive, admin):
        assert "your approval" not in _home(other)
    _ask(olive, "ms-um", "olive")
    assert "2 publications wait for your approval" in _home(otto)
