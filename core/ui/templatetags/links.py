"""How web addresses are shown."""

from django import template

register = template.Library()


@register.filter
def without_scheme(url: str) -> str:
    """Return a web address as people say it: `example.org/help`, not `https://example.org/help/`."""
    return str(url).removeprefix("https://").removeprefix("http://").removesuffix("/")
