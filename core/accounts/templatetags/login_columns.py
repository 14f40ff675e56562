"""What the Login options page asks about its columns."""

from django import template
from django.template.context import RequestContext

from core.accounts.columns import keeps_employees_column

register = template.Library()


@register.simple_tag(takes_context=True)
def employees_column_is_kept(context: RequestContext) -> bool:
    """Tell whether the box of the employees' column was ticked on this browser."""
    return keeps_employees_column(context["request"])
