"""Tests: the local portal with cheap password hashes, servers and a database of their own."""

import os

from config import embedded
from config.databases import database
from config.settings.local import *  # noqa: F403

# Each test process has its own database, cloned from a template (tests/support/database.py),
# and its own part of Redis; a process that a test starts inherits the name.
_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
TEST_DATABASE = os.environ.get("PORTAL_TEST_DATABASE", f"portal_test_{_worker}_{os.getpid()}")
_addresses = embedded.addresses(
    embedded.test_state_folder(),
    database=TEST_DATABASE,
    redis_database=2 * (int(_worker.removeprefix("gw") or 0) % 32),
)
_owner = os.environ.get("PORTAL_DB_ROLE") == "owner"
DATABASES = {
    # The application's login, as in production: what it may not do fails in tests, too.
    "default": database(_addresses.owner_url if _owner else _addresses.application_url),
    "owner": database(_addresses.owner_url, CONN_MAX_AGE=0),
}
REDIS_URL = _addresses.redis_url
CELERY_BROKER_URL = _addresses.broker_url
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
}

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    "core.accounts.passwords.hashers.PortalArgon2Hasher",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
ALLOWED_HOSTS = ["*"]
PORTAL_PUBLIC_PORT = None
# One process: what it publishes it sees. The tests of the watcher start one themselves.
PORTAL_WATCH_REGISTRY = False
PORTAL_BREACHED_PASSWORDS = ""
AUDIT_HEADS_FOLDER = ""
