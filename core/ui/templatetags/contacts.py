"""Support contacts: once on a page, and always to be reached from its foot."""

from collections.abc import Hashable
from functools import lru_cache

from django import template
from django.template.context import Context
from django.template.loader import get_template
from django.urls import get_script_prefix

register = template.Library()
_SHOWN = "contacts_are_shown"


@register.simple_tag(takes_context=True)
def note_contacts(context: Context) -> str:
    """Note that the page shows the contacts; return the id that its foot leads to."""
    request = context.get("request")
    if request is not None:
        setattr(request, _SHOWN, True)
    return "support"


@register.simple_tag(takes_context=True)
def site_footer(context: Context) -> str:
    """Return the foot of a page: the site's contacts, or the way to them where they stand above."""
    shown_above = bool(getattr(context.get("request"), _SHOWN, False))
    contacts = tuple(getattr(context.get("site"), "contacts", ()))
    return _footer(contacts, shown_above=shown_above, prefix=get_script_prefix())


@lru_cache(maxsize=512)
def _footer(contacts: tuple[Hashable, ...], *, shown_above: bool, prefix: str) -> str:
    """Render the foot; `prefix` is what its addresses begin with: a contract's, or the host's."""
    foot = {"contacts": contacts, "shown_above": shown_above}
    return get_template("layouts/footer.html").render(foot)
