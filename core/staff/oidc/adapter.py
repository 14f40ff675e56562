"""What django-allauth's part for identity providers asks us (the setting SOCIALACCOUNT_ADAPTER)."""

from functools import partial
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from django.http import HttpRequest

from core.staff.oidc.outcomes import refused_response, vouched_response
from core.staff.oidc.providers import StaffProvider, find_provider, list_providers

PROVIDER_ID = "openid_connect"


class StaffSocialAdapter(DefaultSocialAccountAdapter):
    """Providers come from the deployment's document; who is let in is decided by our services.

    Nothing is written into allauth's own tables, and none of its pages is shown.
    """

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """Return the configured providers, or the one whose key is asked for."""
        named = find_provider(provider) if provider and provider != PROVIDER_ID else None
        found = list_providers() if provider in {None, PROVIDER_ID} else [named] if named else []
        apps = [_app(one) for one in found]
        return [app for app in apps if client_id in {None, app.client_id}]

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Take over after the exchange: allauth goes no further."""
        raise ImmediateHttpResponse(
            vouched_response(
                request,
                key=sociallogin.account.provider,
                claims=sociallogin.account.extra_data["id_token"],
                state=sociallogin.state,
            )
        )

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Show our own page for whatever went wrong in the exchange."""
        reason = str(exception) if exception else str(error)
        raise ImmediateHttpResponse(refused_response(request, key=provider.sub_id, reason=reason))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Accounts of staff are made by our own service."""
        return False

    def get_requests_session(self) -> Any:
        """Return a session of five seconds a request that follows no redirects."""
        session = super().get_requests_session()  # type: ignore[no-untyped-call]
        session.request = partial(session.request, allow_redirects=False)
        return session


def _app(provider: StaffProvider) -> SocialApp:
    return SocialApp(
        provider=PROVIDER_ID,
        provider_id=provider.key,
        name=provider.name,
        client_id=provider.document.client_id,
        secret=provider.secret(),
        settings={"server_url": provider.issuer.rstrip("/"), "oauth_pkce_enabled": True},
    )
