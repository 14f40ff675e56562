"""The first login over HTTP, step by step."""

from dataclasses import dataclass, field
from typing import Any

import bcrypt
from django.test import Client

from core.accounts.models import User
from core.accounts.services.accounts import grant_contract_access
from core.accounts.services.imported import import_account
from core.common import clock
from core.notifications.models import LocalMessage
from tenants.registry import get_contract
from tests.support.people import PHONE, START, deliver_all, last_code

OLD_PASSWORD = "old portal 1999"
NEW_PASSWORD = "Copper-harbor 93 Maples"


def old_hash(password: str = OLD_PASSWORD) -> str:
    """Return a cheap hash, as another system would have written it."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()


def make_imported(
    name: str = "lena", *, password_hash: str | None = None, slug: str = "wv-bh"
) -> User:
    """Bring in `<name>@clinic.example`, whose policy is that of a program."""
    user = import_account(
        username=name,
        email=f"{name}@clinic.example",
        first_name=name.title(),
        last_name="Marsh",
        phone="",
        password_hash=old_hash() if password_hash is None else password_hash,
        by=None,
        at=START,
    )
    contract = get_contract(slug)
    grant_contract_access(user_id=user.id, contract_id=contract.id, at=START)
    return user


@dataclass
class Walk:
    """One browser, in a contract or on the portal host."""

    prefix: str = ""
    client: Client = field(default_factory=Client)

    def get(self, path: str) -> Any:
        return self.client.get(f"{self.prefix}{path}")

    def post(self, path: str, **data: str) -> Any:
        return self.client.post(f"{self.prefix}{path}", data)

    def at(self, response: Any) -> str:
        """Return where a response leads, without the contract's prefix."""
        return str(response.headers["Location"]).removeprefix(self.prefix)

    def log_in(self, username: str = "lena", password: str = OLD_PASSWORD) -> Any:
        return self.post("/first-login/", username=username, password=password)

    def choose(self, method: str) -> Any:
        return self.post("/mfa/method/", method=method)

    def verify_email(self, address: str) -> Any:
        self.post("/mfa/email/", action="send", email=address)
        return self.post("/mfa/email/", action="verify", code=last_code(address))

    def set_password(self, password: str = NEW_PASSWORD) -> Any:
        return self.post("/mfa/password/", password=password, confirmation=password)

    def prove_phone(self) -> Any:
        self.post("/mfa/phone/", country="1", phone=PHONE[2:], channel="sms")
        return self.post("/mfa/phone/verify/", action="verify", code=last_code(PHONE))

    def register(self, address: str, *, method: str = "email") -> Any:
        """Go from the choice of the method to the end."""
        self.choose(method)
        self.verify_email(address)
        response = self.set_password()
        return self.prove_phone() if method == "phone" else response

    def ask_for_link(self, username: str = "lena") -> Any:
        return self.post("/register/reset/", username=username)


def mails_to(address: str) -> list[LocalMessage]:
    """Return what was delivered to an address, newest first."""
    deliver_all()
    return list(LocalMessage.objects.filter(to=address).order_by("-sent_at", "-id"))


def link_to(address: str) -> str:
    """Return the path of the link in the newest mail that has one."""
    link = next(mail.link for mail in mails_to(address) if mail.link)
    return "/" + link.split("/", 3)[3]


def now_is(monkeypatch: Any, moment: Any) -> None:
    """Let the portal believe that it is another moment."""
    monkeypatch.setattr(clock, "now", lambda: moment)
