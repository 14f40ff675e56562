"""Production: every secret and address from the environment; refuses to start without them."""

import os

from django.core.exceptions import ImproperlyConfigured

from config.databases import database
from config.env import (
    env_bool,
    env_int,
    env_keys,
    env_list,
    env_networks,
    env_str,
)
from config.settings.base import *  # noqa: F403
from config.settings.logs import json_logs

DEBUG = False
SECRET_KEY = env_str("SECRET_KEY")
PORTAL_SECRET_KEYS = env_keys("PORTAL_SECRET_KEYS")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS")

_pool = {"CONN_MAX_AGE": env_int("DATABASE_CONN_MAX_AGE", 60)}
_owner = os.environ.get("PORTAL_DB_ROLE") == "owner"
DATABASES = {
    "default": database(env_str("DATABASE_OWNER_URL" if _owner else "DATABASE_URL"), **_pool)
}
if os.environ.get("DATABASE_OWNER_URL"):
    DATABASES["owner"] = database(env_str("DATABASE_OWNER_URL"), CONN_MAX_AGE=0)

REDIS_URL = env_str("REDIS_URL")
CELERY_BROKER_URL = env_str("CELERY_BROKER_URL", REDIS_URL)
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
}

SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
SECURE_SSL_REDIRECT = env_bool("SECURE_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 63_072_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
PORTAL_TRUSTED_PROXIES = env_networks("TRUSTED_PROXIES")
if env_bool("BEHIND_TLS_PROXY", default=False):
    if not PORTAL_TRUSTED_PROXIES:
        raise ImproperlyConfigured(
            "BEHIND_TLS_PROXY needs TRUSTED_PROXIES, the proxy's addresses or networks: the "
            "header that says https counts from there only."
        )
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
PORTAL_LINKS_WAIT_FOR_HOSTS = env_bool("LINKS_WAIT_FOR_HOSTS", default=True)
PORTAL_HOST_NETWORKS = env_networks("HOST_NETWORKS")
PORTAL_WEBHOOK_NETWORKS = env_networks("WEBHOOK_NETWORKS")
PORTAL_PASSKEY_DOMAIN = env_str("PORTAL_PASSKEY_DOMAIN", "")
PORTAL_APPLICATION_ROLE = env_str("PORTAL_APPLICATION_ROLE", "portal_app")
PORTAL_BREACHED_PASSWORDS = env_str("BREACHED_PASSWORDS", "")
AUDIT_HEADS_BUCKET = env_str("AUDIT_HEADS_BUCKET", "")
AUDIT_HEADS_FOLDER = env_str("AUDIT_HEADS_FOLDER", "")

AWS_REGION = env_str("AWS_REGION", "us-east-1")
AWS_SMS_ORIGINATION = env_str("AWS_SMS_ORIGINATION", "")
AWS_CONNECT_INSTANCE_ID = env_str("AWS_CONNECT_INSTANCE_ID", "")
AWS_CONNECT_CONTACT_FLOW_ID = env_str("AWS_CONNECT_CONTACT_FLOW_ID", "")
AWS_CONNECT_SOURCE_NUMBER = env_str("AWS_CONNECT_SOURCE_NUMBER", "")
AWS_SES_CONFIGURATION_SET = env_str("AWS_SES_CONFIGURATION_SET", "")
AWS_SMS_CONFIGURATION_SET = env_str("AWS_SMS_CONFIGURATION_SET", "")
AWS_EVENT_TOPICS = tuple(env_list("AWS_EVENT_TOPICS", ""))
SMTP_HOST = env_str("SMTP_HOST", "")
SMTP_PORT = env_int("SMTP_PORT", 587)
SMTP_USER = env_str("SMTP_USER", "")
SMTP_PASSWORD = env_str("SMTP_PASSWORD", "")
SMTP_CA_FILE = env_str("SMTP_CA_FILE", "")
PORTAL_VOICE_CALLBACK_SECRET = env_str("VOICE_CALLBACK_SECRET", "")

LOGGING = json_logs()
