"""Support contacts: once on a page, and always to be reached from its foot."""

from django import template
from django.template.context import Context

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
def contacts_are_shown(context: Context) -> bool:
    """Tell the foot of a page, which comes last, whether the contacts stand above it."""
    return bool(getattr(context.get("request"), _SHOWN, False))
