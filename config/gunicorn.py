"""Settings of the web server, wherever it runs: `gunicorn --config python:config.gunicorn`.

No header decides anything in the server itself: Django's settings say which header means https,
and config/middleware.py from whom it counts (TRUSTED_PROXIES). Gunicorn would take both from
127.0.0.1, and from any Unix socket, whatever TRUSTED_PROXIES says.
"""

import os

forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
# Written back into the environment: each process hashes on its share of the cores
# (core/accounts/passwords/hashers.py) and has to know how many share them, and how many threads it
# has, so that some are never waiting for a hash.
workers = int(os.environ.setdefault("WEB_CONCURRENCY", "2"))
threads = int(os.environ.setdefault("WEB_THREADS", "8"))
