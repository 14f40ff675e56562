"""Forgot password over HTTP, step by step."""

from typing import Any

from django.test import Client

from core.accounts.models import User
from core.mfa.models import PasswordReset
from tests.support.people import PHONE, last_code

NEW_PASSWORD = "Copper-harbor 93 maples"


def begin(client: Client, email: str, **headers: str) -> Any:
    """Type an address and have the code sent."""
    return client.post("/forgot-password/", {"email": email}, headers=headers)


def prove_email(client: Client, email: str) -> Any:
    """Type the code of the mail."""
    return client.post("/forgot-password/code/", {"action": "verify", "code": last_code(email)})


def prove_phone(client: Client, phone: str = PHONE) -> Any:
    """Have a text sent and type its code."""
    client.post("/forgot-password/verify/", {"action": "send", "channel": "sms"})
    return client.post("/forgot-password/verify/", {"action": "verify", "code": last_code(phone)})


def choose_password(client: Client, password: str = NEW_PASSWORD) -> Any:
    """Type the new password twice."""
    return client.post("/forgot-password/new/", {"password": password, "confirmation": password})


def to_new_password(client: Client, user: User, *, phone: bool = True) -> None:
    """Go up to the last page."""
    begin(client, user.email)
    prove_email(client, user.email)
    if phone:
        prove_phone(client)


def newest() -> PasswordReset:
    """Return the run that was begun last."""
    return PasswordReset.objects.order_by("-started_at", "-id")[0]
