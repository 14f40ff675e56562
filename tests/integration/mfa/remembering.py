"""Remember Me in tests: sign in with the box ticked, come back later."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.test import Client

from core.accounts.models import User
from core.audit.models import AuditEvent
from core.common import clock
from core.mfa.models import Challenge, RememberedBrowser
from tenants import registry
from tenants.configuration.document import ContractDocument
from tenants.configuration.publishing import publish_contract
from tenants.context import ActiveContract
from tests.support.people import PASSWORD, PHONE, last_code, session_account

COOKIE = "remembered"
VERIFY = "/login/verify/"


def choose(
    client: Client, option: str, *, ticked: bool = True, host: str = "testserver", prefix: str = ""
) -> Any:
    """Press one of the two buttons of Login options."""
    box = {"remember": "on"} if ticked else {}
    return client.post(f"{prefix}/", {"option": option, **box}, headers={"host": host})


def sign_in(
    client: Client,
    user: User,
    option: str = "phone",
    *,
    ticked: bool = True,
    host: str = "testserver",
) -> None:
    """Sign in with password and factor, from the choice of the option to the end."""
    Challenge.objects.update(requested_at=F("requested_at") - timedelta(hours=2))
    headers: Mapping[str, str] = {"host": host}
    page = choose(client, option, ticked=ticked, host=host).headers["Location"]
    client.post(page, {"email": user.email, "password": PASSWORD}, headers=headers)
    client.post(VERIFY, {"action": "send", "channel": "sms"}, headers=headers)
    code = last_code(PHONE if option == "phone" else user.email)
    client.post(VERIFY, {"action": "verify", "code": code}, headers=headers)
    client.post(VERIFY, {"action": "continue"}, headers=headers)
    assert session_account(client) == user.id


def come_back(client: Client) -> Client:
    """Return a browser that was closed and opened again: cookies with an age stay, no others."""
    later = Client()
    for name, cookie in client.cookies.items():
        if cookie["max-age"] and name == COOKIE:
            later.cookies[name] = cookie.value
    return later


def come_back_with(browser: Client) -> Client:
    """Return the same browser without its session."""
    later = Client()
    later.cookies[COOKIE] = browser.cookies[COOKIE].value
    return later


def let_pass(**delta: float) -> None:
    """Let every remembered browser be so much older."""
    age = timedelta(**delta)
    RememberedBrowser.objects.update(
        created_at=F("created_at") - age, expires_at=F("expires_at") - age
    )


def is_asked(response: Any, option: str, *, ticked: bool = True) -> bool:
    """Tell whether the answer leads to address and password."""
    query = "?remember=on" if ticked else ""
    return bool(response.headers["Location"] == f"/login/{option}/{query}")


def events(event_type: str) -> list[dict[str, Any]]:
    found = AuditEvent.objects.filter(event_type=event_type).order_by("id")
    return [event.data for event in found]


def publish(contract: ActiveContract, **mfa: Any) -> None:
    fields = contract.document.model_dump(mode="json")
    fields["mfa"].update(mfa)
    if fields["mfa"]["remember_hours"] == 0:
        kept = [one for one in fields["waivers"] if one["rule"] != "mfa.remember_hours"]
        fields["waivers"] = kept
    publish_contract(
        document=ContractDocument.model_validate(fields),
        base=contract.revision,
        by=None,
        at=clock.now(),
    )
    registry.forget()
