"""The preview in the console: whose it is, its frame, its links."""

import pytest
from django.test import Client

from contracts.console.models import Draft, PreviewLink
from core.accounts.models import User
from core.staff.models import StaffRole
from tenants import registry
from tests.support.drafts import make_draft
from tests.support.previews import link_to, path_of, text_of, walk
from tests.support.staff import staff_client

pytestmark = pytest.mark.django_db
LABEL = "Number on the purple card"
PAGE = "/staff/contracts/wv-bh/preview/draft/"


@pytest.fixture
def visitor() -> Client:
    return Client()


def author(slug: str = "wv-bh", **fields: object) -> tuple[Client, Draft]:
    client = staff_client(StaffRole.OPERATOR, name="otto")
    return client, make_draft(User.objects.get(username="otto"), slug, **fields)


def test_staff_see_a_preview_in_the_console_and_make_a_link(visitor: Client) -> None:
    client, draft = author(registration__code_label=LABEL)
    assert "Make a link" in text_of(client, PAGE)
    walk(client, draft, f"{PAGE}shown/")
    framed = client.get(f"{PAGE}?page=pages/register/&width=phone")
    assert f'src="{PAGE}shown/pages/register/"' in framed.content.decode()
    assert "frame-src 'self'" in framed.headers["Content-Security-Policy"]
    assert client.post(f"{PAGE}links/", {"hours": "9000"}).status_code == 200
    client.post(f"{PAGE}links/", {"hours": "24"})
    (link,) = PreviewLink.objects.all()
    shown = text_of(client, PAGE)
    assert path_of(link) in shown
    assert LABEL in text_of(visitor, path_of(link, "pages/register/"))
    client.post(f"{PAGE}links/{link.id}/take-back/")
    assert visitor.get(path_of(link)).status_code == 404
    assert path_of(link) not in text_of(client, PAGE)


def test_a_contract_that_does_not_exist_yet_is_previewed(visitor: Client) -> None:
    client = staff_client(StaffRole.OPERATOR)
    begun = {"start": "documented", "slug": "ohio-dd", "name": "Ohio Waivers"}
    client.post("/staff/contracts/new/", begun)
    draft = Draft.objects.get(slug="ohio-dd")
    walk(client, draft, "/staff/contracts/ohio-dd/preview/draft/shown/")
    client.post("/staff/contracts/ohio-dd/preview/draft/links/", {"hours": "4"})
    walk(visitor, draft, path_of(PreviewLink.objects.get()))


def test_a_draft_that_is_wrong_says_what_is_wrong(visitor: Client) -> None:
    client, draft = author()
    Draft.objects.filter(pk=draft.pk).update(document={**draft.document, "brand": {"color": "red"}})
    shown = text_of(client, PAGE)
    assert "brand.color" in shown
    assert "/draft/brand/" in shown
    assert client.get(f"{PAGE}shown/").status_code == 404
    client.post(f"{PAGE}links/", {"hours": "4"})
    assert not PreviewLink.objects.exists()


def test_a_revision_is_previewed_and_nobody_elses_draft() -> None:
    _client, draft = author()
    link = link_to(draft)
    other = staff_client(StaffRole.OPERATOR)
    assert other.get(PAGE).status_code == 404
    assert other.post(f"{PAGE}links/{link.id}/take-back/").status_code == 404
    of = "/staff/contracts/wv-bh/preview/revision-1/"
    assert "Revision 1" in text_of(other, of)
    assert other.get(f"{of}shown/pages/").status_code == 200
    assert other.post(f"{of}links/{link.id}/take-back/").status_code == 404
    auditor = staff_client(StaffRole.AUDITOR, name="ada")
    assert "Make a link" not in text_of(auditor, of)
    assert auditor.post(f"{of}links/", {"hours": "4"}).status_code == 403
    elsewhere = staff_client(StaffRole.CONTRACT_ADMIN, registry.get_contract("ms-um"), name="ann")
    assert elsewhere.get(of).status_code == 404
    assert elsewhere.get(f"{of}shown/pages/").status_code == 404
