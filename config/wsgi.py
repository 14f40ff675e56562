"""The WSGI entry: each request runs in its own copied context (docs/design.md, section 6)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

from config.closed import closed
from tenants.wsgi import run_in_copied_context

application = run_in_copied_context(get_wsgi_application(), closed=closed)
