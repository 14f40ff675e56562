"""A registrant of the tests' own, and the browser that goes through the pages."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.test import Client

from core.accounts.models import User
from core.accounts.services.accounts import create_account
from core.common import clock
from core.common.ids import uuid7
from core.mfa.models import MfaRegistration
from core.mfa.registering.sources import CompletedRegistration, SourceDescription, SourceGoneError
from core.mfa.services.registrations import begin_mfa_registration
from tenants.configuration.policy import Method
from tenants.context import ActiveContract
from tests.support.people import PASSWORD, last_code

ADDRESS = "noor@clinic.example"


@dataclass
class Waiting:
    """A source with one registrant, as a pending registration is one."""

    contract: ActiveContract
    methods: tuple[Method, ...] = ("phone", "email")
    gone: bool = False
    completed: list[CompletedRegistration] = field(default_factory=list)
    refuse: Exception | None = None

    def describe(self, source_id: UUID) -> SourceDescription:
        if self.gone:
            raise SourceGoneError
        return SourceDescription(
            contract_id=self.contract.id,
            email=ADDRESS,
            first_name="Noor",
            last_name="Haddad",
            username="noor.h",
            policy=self.contract.document,
            methods=self.methods,
        )

    def complete(self, source_id: UUID, result: CompletedRegistration, *, at: datetime) -> User:
        self.completed.append(result)
        user = create_account(
            username="noor.h",
            email=result.email,
            first_name="Noor",
            last_name="Haddad",
            password_hash=result.password_hash,
            by=None,
            at=at,
        )
        if self.refuse:
            raise self.refuse
        return user


class Browser:
    """A client inside the contract, with the registration in its session."""

    def __init__(self, source: Waiting) -> None:
        self.client = Client()
        self.prefix = f"/{source.contract.slug}"
        self.registration = begin_mfa_registration(
            source_kind="waiting", source_id=uuid7(), contract=source.contract, at=clock.now()
        )
        session = self.client.session
        session["mfa_registration"] = str(self.registration.id)
        session.save()

    def get(self, page: str) -> Any:
        return self.client.get(f"{self.prefix}/mfa/{page}/")

    def post(self, page: str, **data: str) -> Any:
        return self.client.post(f"{self.prefix}/mfa/{page}/", data)

    def row(self) -> MfaRegistration:
        return MfaRegistration.objects.get(pk=self.registration.pk)

    def at(self, response: Any) -> str:
        return str(response.headers["Location"]).removeprefix(self.prefix)

    def verify_email(self, address: str = ADDRESS) -> None:
        self.post("email", action="send", email=address)
        self.post("email", action="verify", code=last_code(address))

    def set_password(self) -> Any:
        return self.post("password", password=PASSWORD, confirmation=PASSWORD)

    def account(self) -> str | None:
        return self.client.session.get("_auth_user_id")
