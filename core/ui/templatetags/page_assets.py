"""What every page loads; the same on each, so it is put together once for a process."""

from functools import cache

from django import template
from django.template.loader import get_template

register = template.Library()


@register.simple_tag
@cache
def page_assets() -> str:
    """Return the links to icon, style sheets and scripts, with the addresses that they have now.

    They change with a release alone, and looking each of them up is 6 % of a page's cost.
    """
    return get_template("layouts/assets.html").render()
