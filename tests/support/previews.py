"""Previews for tests: links, what can be asked for, and what can be sent."""

from datetime import datetime

from django.test import Client

from contracts.console.models import Draft, PreviewLink
from contracts.console.previewing.listing import list_groups
from contracts.console.previewing.samples import FACTS, INFORMATION, NOBODYS_KEY
from contracts.console.previewing.tokens import preview_token
from contracts.console.previewing.visits import Preview
from contracts.console.services.previews import Previewed, make_preview_link
from contracts.registration.terms import terms_digest
from core.common import clock
from tenants.configuration.document import ContractDocument
from tenants.configuration.loading import read_contract
from tests.support.days import day_of

JOURNEY = f"pages/register/{NOBODYS_KEY}/"


def link_to(draft: Draft, *, hours: int = 4, at: datetime | None = None) -> PreviewLink:
    previewed = Previewed(draft.slug, "draft", "Draft", draft.document, draft)
    at = at or clock.now()
    return make_preview_link(previewed=previewed, hours=hours, by=draft.author_id, at=at)


def path_of(link: PreviewLink, rest: str = "") -> str:
    return f"/preview/{preview_token(link.id)}/{rest}"


def text_of(client: Client, path: str, *, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return str(answer.content.decode())


def document_of(draft: Draft) -> ContractDocument:
    return read_contract(draft.document)


def paths_of(draft: Draft) -> list[str]:
    """Return every page and mail that is listed, and some that stand behind them."""
    groups = list_groups(Preview(document_of(draft), "Draft", "/nowhere/"))
    listed = [page.path for group in groups for page in group.pages]
    more = ["pages/register/reset/", "pages/register/link/preview/", f"{JOURNEY}username/"]
    return ["", *listed, *more, "mails/registration_link/html/"]


def forms_of(draft: Draft) -> dict[str, dict[str, str]]:
    """Return what can be sent, by the page that takes it."""
    document = document_of(draft)
    section = document.registration
    terms = document.current_terms(day_of())
    address = {"email": "pat@provider.example", "confirm_email": "pat@provider.example"}
    return {
        "pages/": {"option": "phone"},
        "pages/login/phone/": {"email": "pat@provider.example", "password": "Not a password 1"},
        "pages/register/": {
            "identifier": section.identifier_example,
            "code": section.code_example,
            **FACTS,
        },
        "pages/register/reset/": {"username": "pat.sample"},
        "pages/register/link/preview/": {},
        f"{JOURNEY}information/": {
            **INFORMATION,
            "us_state": "WV",
            "confirm_email": INFORMATION["email"],
        },
        f"{JOURNEY}terms/": {"terms_digest": terms_digest(terms), "accepted": "on"},
        f"{JOURNEY}resend/": {},
        f"{JOURNEY}address/": address,
        "pages/logout/": {},
    }


def walk(client: Client, draft: Draft, base: str) -> None:
    """Ask for every page, and send every form, right and empty."""
    for path in paths_of(draft):
        assert client.get(base + path).status_code == 200, path
    for path, form in forms_of(draft).items():
        assert client.post(base + path, form).status_code in {200, 302}, path
        assert client.post(base + path, {}).status_code in {200, 302}, path
    claim = forms_of(draft)["pages/register/"]
    wrong = client.post(base + "pages/register/", {**claim, "identifier": "!"})
    assert "letters A to Z and digits only" in wrong.content.decode()
