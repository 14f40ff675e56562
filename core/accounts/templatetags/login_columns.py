"""What the Login options page asks about its columns."""

from django import template
from django.template.context import RequestContext

from core.accounts.columns import keeps_employees_column, kept_name

register = template.Library()


@register.simple_tag(takes_context=True)
def employees_column_is_kept(context: RequestContext) -> bool:
    """Tell whether the box of the employees' column was ticked on this browser."""
    return keeps_employees_column(context["request"])


@register.simple_tag(takes_context=True)
def employees_kept_name(context: RequestContext) -> str:
    """Return the first name of who last signed in by that column on this browser, "" for nobody.

    It comes from the browser alone and nobody is looked up: it says nothing about any account.
    """
    request = context["request"]
    return kept_name(request) if keeps_employees_column(request) else ""
