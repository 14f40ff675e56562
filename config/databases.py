"""Database settings from URLs: the application's login and the owner's."""

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def database(url: str, **extra: Any) -> dict[str, Any]:
    """Return Django's settings for `postgresql://user:password@host:port/name?host=/socket`.

    `host` in the query names a Unix socket's folder. Other query parameters go to libpq.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("A database URL begins with postgresql://")
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "tenants.backend",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": query.pop("port", str(parts.port or "")),
        "OPTIONS": query,
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 60,
        **extra,
    }
