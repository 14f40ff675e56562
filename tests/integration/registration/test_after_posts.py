"""After a button the browser stands on a page that can be reloaded, kept and opened again."""

import pytest

from contracts.registration.models import PendingRegistration
from core.notifications.models import LocalMessage
from tests.integration.registration.journeys import Browser, Journey, text_of

pytestmark = pytest.mark.django_db
_RIGHT = {"email": "d.reed@clinic.example.org", "confirm_email": "d.reed@clinic.example.org"}


@pytest.mark.parametrize(
    ("button", "data", "said"),
    [("resend/", {}, "We sent a new link."), ("address/", _RIGHT, "We corrected the address")],
)
def test_resend_and_a_corrected_address_lead_back_to_the_confirmation(
    button: str, data: dict[str, str], said: str
) -> None:
    walk = Journey("wv-bh").start().inform().submit()
    confirmation = f"{walk.path}confirmation/"
    assert walk.client.post(f"{walk.path}{button}", data)["Location"] == confirmation
    assert said in text_of(walk.client.get(confirmation))
    assert said not in text_of(walk.client.get(confirmation)), "said again after a reload"
    mails = LocalMessage.objects.count()
    assert walk.client.get(f"{walk.path}{button}")["Location"] == confirmation
    assert LocalMessage.objects.count() == mails, "GET has sent a mail"


def test_a_wrong_address_stays_in_its_form() -> None:
    walk = Journey("wv-bh").start().inform().submit()
    page = walk.client.post(f"{walk.path}address/", {"email": "nowhere", "confirm_email": ""})
    assert page.status_code == 200
    assert 'value="nowhere"' in page.content.decode()


def test_nothing_is_promised_for_a_registration_that_is_over() -> None:
    walk = Journey("wv-bh").start().inform().submit()
    pending = PendingRegistration.objects.get()
    PendingRegistration.objects.update(reserved_until=pending.created_at)
    for button, data in (("resend/", {}), ("address/", _RIGHT)):
        page = text_of(walk.client.post(f"{walk.path}{button}", data, follow=True))
        assert "This registration has ended" in page
        assert "We sent" not in page


def test_a_method_that_an_address_does_not_take_is_answered_by_a_page() -> None:
    refused = Browser().put("/wv-bh/register/", headers={"accept": "text/html"})
    assert (refused.status_code, refused["Allow"]) == (405, "GET, HEAD, POST")
    assert "This page cannot be opened like this" in text_of(refused)
    assert "West Virginia" in refused.content.decode()
    for_a_script = Browser().put("/wv-bh/register/", headers={"accept": "application/json"})
    assert (for_a_script.status_code, for_a_script.content) == (405, b"")


def test_the_portals_own_pages_show_the_times_of_the_deployments_zone() -> None:
    Journey("wv-bh").start().inform().submit()
    outbox = text_of(Browser().get("/outbox/"))
    assert " UTC" not in outbox
    assert " EST" in outbox or " EDT" in outbox
