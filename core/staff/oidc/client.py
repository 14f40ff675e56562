"""The exchange with an identity provider, by django-allauth's OpenID Connect client.

allauth keeps the state in the session, uses it once, sends the PKCE challenge and fetches the
tokens; what it leaves open (signature, issuer of the discovery document, nonce) is done here and in
`tokens.py`. Written against 65.21.1.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest, HttpResponse
from requests import RequestException

from core.common import clock
from core.staff.oidc.providers import StaffProvider
from core.staff.oidc.tokens import Claims, TokenRefusedError, read_id_token
from tenants.routing import absolute_reverse

SIGN_IN: Final = "sign_in"
CONFIRM: Final = "confirm"
LINK: Final = "link"
_OF_TOKENS: Final = frozenset(
    ["iss", "sub", "aud", "azp", "exp", "nbf", "iat", "nonce", "auth_time"]
)
"""Claims that are believed of the signed token alone."""


class ProviderAwayError(Exception):
    """The provider does not answer, or not as it should."""


class StaffOidcAdapter(OpenIDConnectOAuth2Adapter):
    """One provider in one request."""

    def __init__(self, request: HttpRequest, provider: StaffProvider) -> None:
        super().__init__(request, provider.key)
        self.staff_provider = provider

    @property
    def openid_config(self) -> Mapping[str, Any]:
        """Return the discovery document; it has to name the very issuer that is configured."""
        try:
            config: Mapping[str, Any] = super().openid_config
            issuer = config["issuer"]
        except (ValueError, KeyError, TypeError) as error:
            raise OAuth2Error("discovery") from error
        if issuer != self.staff_provider.issuer:
            raise OAuth2Error("discovery_issuer")
        return config

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """Return our address on the portal host, from the configuration alone."""
        return callback_url(self.staff_provider)

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        """Check the ID token, and read the user information where the provider has some."""
        config = self.openid_config
        try:
            claims = read_id_token(
                str(kwargs["response"].get("id_token") or ""),
                keys=_fetch(config["jwks_uri"]),
                issuer=self.staff_provider.issuer,
                client_id=app.client_id,
                at=clock.now(),
            )
            told = self._user_information(config, token, claims)
        except TokenRefusedError as refusal:
            raise OAuth2Error(str(refusal)) from refusal
        except (KeyError, TypeError, ValueError) as error:
            raise OAuth2Error("answer") from error
        # The signed claims win over those that were only fetched.
        merged = {**{k: v for k, v in told.items() if k not in _OF_TOKENS}, **claims}
        provider: Any = get_adapter(request).get_provider(request, self.staff_provider.key)
        login: SocialLogin = provider.sociallogin_from_response(request, {"id_token": merged})
        return login

    def _user_information(
        self, config: Mapping[str, Any], token: SocialToken, claims: Claims
    ) -> Mapping[str, Any]:
        """Fetch what the provider tells beside the token; it must be about the same subject."""
        address = config.get("userinfo_endpoint")
        if not address:
            return {}
        told = _fetch(address, bearer=token.token)
        if told.get("sub") != claims["sub"]:
            raise TokenRefusedError("userinfo_subject")
        return told


def callback_url(provider: StaffProvider) -> str:
    """Return the address to which a provider sends people back; it is registered there."""
    return absolute_reverse("staff:oidc_callback", contract=None, kwargs={"key": provider.key})


def authorization_url(
    request: HttpRequest, provider: StaffProvider, *, purpose: str, next_path: str, at: datetime
) -> str:
    """Return where to send somebody to sign in, with state, nonce and PKCE challenge.

    To confirm and to link, the provider has to ask the person anew (`prompt=login`, `max_age=0`).
    Raises ProviderAwayError, ProviderNotReadyError.
    """
    nonce = secrets.token_urlsafe(32)
    asked = {"prompt": "login", "max_age": "0"} if purpose in {CONFIRM, LINK} else {}
    openid: Any = get_adapter(request).get_provider(request, provider.key)
    openid.get_oauth2_adapter = lambda request: StaffOidcAdapter(request, provider)
    try:
        response = openid.redirect(
            request,
            process="login",
            auth_params={"nonce": nonce, **asked},
            nonce=nonce,
            purpose=purpose,
            target=next_path,
            asked_at=at.timestamp(),
        )
    except (OAuth2Error, RequestException, ValueError, KeyError) as error:
        raise ProviderAwayError from error
    if "Location" not in response.headers:
        # allauth answered with our page for errors: its discovery document is not the issuer's.
        raise ProviderAwayError
    return str(response.headers["Location"])


def finish_exchange(request: HttpRequest, provider: StaffProvider) -> HttpResponse:
    """Deal with the answer of a provider: the adapter for social accounts goes on from there.

    Raises ProviderAwayError, ProviderNotReadyError.
    """
    made: Any = OAuth2CallbackView
    try:
        response: HttpResponse = made.adapter_view(StaffOidcAdapter(request, provider))(request)
    except (OAuth2Error, RequestException, ValueError, KeyError) as error:
        raise ProviderAwayError from error
    return response


def _fetch(address: str, *, bearer: str = "") -> Mapping[str, Any]:
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    adapter: Any = get_adapter()
    with adapter.get_requests_session() as session:
        response = session.request("GET", address, headers=headers)
        response.raise_for_status()
        found = response.json()
    if not isinstance(found, dict):
        raise TypeError("not an object")
    return found
