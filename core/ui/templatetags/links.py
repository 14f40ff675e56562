"""How web addresses and telephone numbers are shown."""

from django import template

from core.common.phones import format_us_phone

register = template.Library()


@register.filter
def without_scheme(url: str) -> str:
    """Return a web address as people say it: `example.org/help`, not `https://example.org/help/`."""
    return str(url).removeprefix("https://").removeprefix("http://").removesuffix("/")


@register.filter
def as_phone(number: str) -> str:
    """Return a kept number the way people write it: `304-555-0123`."""
    return format_us_phone(str(number))
