"""Filters that the form templates need."""

from django import forms, template
from django.forms.boundfield import BoundField
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def is_checkbox(field: BoundField) -> bool:
    """Say whether the field is one box to tick."""
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def is_radio(field: BoundField) -> bool:
    """Say whether the field is a choice among buttons."""
    return isinstance(field.field.widget, forms.RadioSelect)


@register.filter
def with_error_class(field: BoundField) -> SafeString:
    """Render the input, marked when it has an error, tied to its hint and error, and required."""
    attributes: dict[str, str | bool] = {}
    described = [f"{field.auto_id}_helptext"] if field.help_text else []
    known = str(field.field.widget.attrs.get("class", ""))
    if field.errors:
        attributes["class"] = f"{known} ds-c-field--error".strip()
        attributes["aria-invalid"] = "true"
        described.append(f"{field.auto_id}_error")
    extra = str(field.field.widget.attrs.get("aria-describedby", ""))
    if extra:
        described.append(extra)
    if described:
        attributes["aria-describedby"] = " ".join(described)
    if field.field.required:
        attributes["aria-required"] = "true"
    return field.as_widget(attrs=attributes)
