"""A whole portal on one machine: PostgreSQL and Redis from wheels, mail and phone on a page."""

import os

from config import embedded
from config.databases import database
from config.env import env_int, env_str
from config.settings.base import *  # noqa: F403
from config.settings.logs import readable_logs
from core.common.networks import read_networks

DEBUG = False
SECRET_KEY = "local-only-not-a-secret-local-only-not-a-secret-local"  # noqa: S105
PORTAL_SECRET_KEYS = {1: "local-only-not-a-secret-local-only-not-a-secret"}
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", ".localhost"]

_addresses = embedded.addresses()
_role = os.environ.get("PORTAL_DB_ROLE", "application")
_owner_url = env_str("DATABASE_OWNER_URL", _addresses.owner_url)
DATABASES = {
    "default": database(
        _owner_url if _role == "owner" else env_str("DATABASE_URL", _addresses.application_url)
    ),
    "owner": database(_owner_url, CONN_MAX_AGE=0),
}
REDIS_URL = env_str("REDIS_URL", _addresses.redis_url)
CELERY_BROKER_URL = env_str("CELERY_BROKER_URL", _addresses.broker_url)
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
}

ROOT_URLCONF = "config.urls_local"
PORTAL_LOCAL_HOSTS = True
PORTAL_PUBLIC_SCHEME = "http"
# Names that end in .localhost are this machine's own (RFC 6761).
PORTAL_LINKS_WAIT_FOR_HOSTS = False
PORTAL_HOST_NETWORKS = read_networks(["127.0.0.0/8", "::1"])
PORTAL_WEBHOOK_NETWORKS = PORTAL_HOST_NETWORKS
PORTAL_PUBLIC_PORT = env_int("PORT", 8000)
PORTAL_CHANNELS = {
    "email": "core.notifications.channels.local.LocalMailbox",
    "sms": "core.notifications.channels.local.LocalMailbox",
    "voice": "core.notifications.channels.local.LocalMailbox",
}
CSRF_TRUSTED_ORIGINS = [
    f"http://localhost:{PORTAL_PUBLIC_PORT}",
    f"http://*.localhost:{PORTAL_PUBLIC_PORT}",
]
SESSION_COOKIE_NAME = "portal_session"
PORTAL_BREACHED_PASSWORDS = env_str("BREACHED_PASSWORDS", "")
AUDIT_HEADS_FOLDER = env_str("AUDIT_HEADS_FOLDER", str(embedded.places().state / "audit-heads"))
LOGGING = readable_logs()
