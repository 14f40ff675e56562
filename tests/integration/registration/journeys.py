"""Walk through registration by HTTP, the way a browser does."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.test import Client, TestCase

from contracts.registration.selectors import local_date
from contracts.registration.terms import terms_digest
from core.common.clock import now
from core.notifications.models import LocalMessage
from tenants.registry import get_contract

# The sample rosters' plainest registrations, by program.
CLAIMS: Mapping[str, Mapping[str, str]] = {
    "wv-bh": {"identifier": "1234567893", "code": "0012345678"},
    "ms-um": {"identifier": "1234567893", "code": "000412345"},
    "acentra-sample": {"identifier": "1234567893", "code": "K7QM-2XRT-9B"},
    "va-dmas": {
        "identifier": "1234567893",
        "remittance_on": "2/27/2026",
        "remittance_amount": "1,234.50",
        "code": "",
    },
}


PASSWORD = "Correct-Horse-7-Battery"


def person(**changes: str) -> dict[str, str]:
    """Return a filled-in information page."""
    email = changes.get("email", "dana.reed@clinic.example.org")
    return {
        "username": "dreed",
        "first_name": "Dana",
        "last_name": "Reed",
        "address_1": "1 Main Street",
        "address_2": "",
        "city": "Charleston",
        "us_state": "WV",
        "zip": "25301",
        "email": email,
        "confirm_email": email,
        "phone": "304-555-0123",
        "fax": "304-555-0124",
        **changes,
    }


def acceptance(slug: str) -> dict[str, str]:
    """Return what the page of a program's terms sends when they are accepted."""
    document = get_contract(slug).document
    terms = document.current_terms(local_date(document, now()))
    return {"accepted": "on", "terms_digest": terms_digest(terms)}


class Browser(Client):
    """A browser whose requests commit: what leaves on commit leaves, in rolled-back tests, too."""

    def __init__(self, **defaults: Any) -> None:
        super().__init__(SERVER_NAME="localhost", **defaults)

    def request(self, **request: Any) -> Any:
        """Answer a request, and run what it left for after the commit."""
        with TestCase.captureOnCommitCallbacks(execute=True):
            return super().request(**request)


@dataclass
class Journey:
    """One browser tab in one program."""

    slug: str
    client: Browser = field(default_factory=Browser)
    path: str = ""
    """The path of the journey's pages, without their last segment."""
    host: str = "localhost"
    prefix: str = ""
    """Host and path under which the link was followed."""

    def start(self, **claim: str) -> "Journey":
        """Enter identifier and code, and come to the provider found."""
        response = self.client.post(
            f"/{self.slug}/register/", {**CLAIMS.get(self.slug, {}), **claim}
        )
        assert response.status_code == 302, text_of(response)
        assert response["Location"].endswith(("/provider/",)), response["Location"]
        self.path = response["Location"].removesuffix("provider/")
        return self

    def inform(self, **changes: str) -> "Journey":
        """Fill in the information page."""
        response = self.client.post(f"{self.path}information/", person(**changes))
        assert response.status_code == 302, text_of(response)
        assert response["Location"] == f"{self.path}terms/"
        return self

    def submit(self) -> "Journey":
        """Accept the terms."""
        response = self.client.post(f"{self.path}terms/", acceptance(self.slug))
        assert response.status_code == 302, text_of(response)
        assert response["Location"] == f"{self.path}confirmation/"
        return self

    def follow(self, to: str = "dana.reed@clinic.example.org") -> str:
        """Press the button behind the newest link; return where it leads."""
        message = LocalMessage.objects.filter(to=to).exclude(link="").latest("sent_at")
        self.host = urlsplit(message.link).netloc
        response = self._post(urlsplit(message.link).path, {})
        self.prefix = response["Location"].removesuffix("mfa/method/")
        return str(response["Location"])

    def prove_email(self, to: str = "dana.reed@clinic.example.org") -> None:
        """Choose EMAIL, prove the address and set a password."""
        prefix = f"{self.prefix}mfa/"
        self._post(prefix + "method/", {"method": "email"})
        self._post(prefix + "email/", {"action": "send", "email": to})
        code = LocalMessage.objects.filter(to=to).exclude(code="").latest("sent_at").code
        self._post(prefix + "email/", {"action": "verify", "code": code})
        self._post(prefix + "password/", {"password": PASSWORD, "confirmation": PASSWORD})

    def _post(self, path: str, data: Mapping[str, str]) -> Any:
        response = self.client.post(path, data, headers={"host": self.host})
        assert response.status_code == 302, text_of(response)
        return response


def link_to(address: str) -> str:
    """Return the path of the newest link that was mailed to an address."""
    message = LocalMessage.objects.filter(to=address).exclude(link="").latest("sent_at")
    return urlsplit(message.link).path


def is_refused(path: str) -> bool:
    """Press the button behind a link, and say whether it led to the page for ended links."""
    return str(Browser().post(path)["Location"]).endswith("/register/link-ended/")


def text_of(response: Any) -> str:
    """Return the words of a page, with single spaces, for assertions and their messages."""
    html = response.content.decode()
    body = html.partition("<main")[2].partition("</main>")[0] or html
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())
