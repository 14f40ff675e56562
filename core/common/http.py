"""Which methods the views answer."""

from django.views.decorators.http import require_http_methods, require_safe

get_only = require_safe
get_or_post = require_http_methods(["GET", "HEAD", "POST"])
"""Every page that answers GET answers HEAD as well (RFC 9110, 9.1): link checkers and mail scanners
ask with it, and a page that takes a form changes something on POST alone."""
