"""Settings of the web server, wherever it runs: `gunicorn --config python:config.gunicorn`.

No header decides anything in the server itself: Django's settings say which header means https,
and config/middleware.py from whom it counts (TRUSTED_PROXIES). Gunicorn would take both from
127.0.0.1, and from any Unix socket, whatever TRUSTED_PROXIES says.
"""

import gc
import os

from django.apps import apps
from django.urls import reverse

forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
# Written back into the environment: each process hashes on its share of the cores
# (core/accounts/passwords/hashers.py) and has to know how many share them, and how many threads it
# has, so that some are never waiting for a hash.
workers = int(os.environ.setdefault("WEB_CONCURRENCY", "2"))
threads = int(os.environ.setdefault("WEB_THREADS", "8"))

_YOUNG_OBJECTS = 10_000
"""Own figure: how many objects more than at the last look the collector of garbage waits for."""


def post_worker_init(worker: object) -> None:
    """Make ready what every request needs, and leave it out of what is looked through for garbage.

    Else the first visitor waits for the addresses of all pages to be read, and now and then one
    waits a tenth of a second while the collector goes through some hundred thousand objects that
    stay as long as the process.
    """
    if apps.ready:  # the tests serve programs of their own with these settings, too
        reverse("login_options")
        _open_block_lists()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 20)


def _open_block_lists() -> None:
    """Refuse to serve where the deployment names a list of passwords that cannot be looked in."""
    from core.accounts.passwords.block_lists import breached_list, common_list  # noqa: PLC0415

    common_list()
    breached_list()
