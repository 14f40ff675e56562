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
    """Say whether the field is a choice among buttons or boxes."""
    return isinstance(field.field.widget, forms.RadioSelect)


@register.filter
def described_by(field: BoundField) -> str:
    """Return the ids of what is read out after the label: hint, error, then the form's own."""
    ids = [f"{field.auto_id}_helptext"] if field.help_text else []
    if field.errors:
        ids.append(f"{field.auto_id}_error")
    ids.append(str(field.field.widget.attrs.get("aria-describedby", "")))
    return " ".join(part for part in ids if part)


@register.filter
def with_error_class(field: BoundField) -> SafeString:
    """Render the input, marked when it has an error, tied to its hint and error, and required."""
    attributes: dict[str, str | bool] = {}
    if field.errors:
        known = str(field.field.widget.attrs.get("class", ""))
        attributes["class"] = f"{known} {_error_class(field)}".strip()
        attributes["aria-invalid"] = "true"
    if described := described_by(field):
        attributes["aria-describedby"] = described
    if field.field.required:
        attributes["aria-required"] = "true"
    return field.as_widget(attrs=attributes)


def _error_class(field: BoundField) -> str:
    return "ds-c-choice--error" if is_checkbox(field) else "ds-c-field--error"
