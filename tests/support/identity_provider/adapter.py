"""What the provider claims about people; the control file can make it do wrong."""

import json
import time
from collections.abc import Callable, Iterable
from typing import Any

from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from django.http import HttpRequest, HttpResponse

from tests.support.identity_provider.settings import FOLDER


def control() -> dict[str, Any]:
    path = FOLDER / "control.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


class TestingAdapter(DefaultOIDCAdapter):
    """django-allauth's provider, with groups, the time of the sign-in, and faults on demand."""

    def get_claims(self, purpose: Any, user: Any, *arguments: Any, **more: Any) -> Any:
        claims = super().get_claims(purpose, user, *arguments, **more)
        claims |= control().get("people", {}).get(user.email, {})
        if purpose == "userinfo":
            claims |= control().get("userinfo", {})
        return claims

    def populate_id_token(
        self, id_token: dict[str, Any], client: Any, scopes: Iterable[str], **more: Any
    ) -> None:
        moment = authenticated_at()
        if moment is not None:
            id_token["auth_time"] = moment
        for name, value in control().get("token", {}).items():
            if value is None:
                id_token.pop(name, None)
            else:
                id_token[name] = int(time.time()) + value if name in {"exp", "iat"} else value

    def populate_server_metadata(self, data: dict[str, Any]) -> None:
        data |= control().get("discovery", {})


class NotesSignIns:
    """Writes down when somebody gave the right password, at the sign-in or asked anew."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_answer = request.path.startswith("/accounts/") and request.method == "POST"
        if is_answer and response.status_code == 302:
            (FOLDER / "signed_in_at").write_text(str(int(time.time())))
        return response


def authenticated_at() -> int | None:
    """Return when the person proved who they are last."""
    path = FOLDER / "signed_in_at"
    return int(path.read_text()) if path.exists() else None
