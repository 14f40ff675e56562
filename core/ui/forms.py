"""Forms as every page shows them: label, hint, error, input, tied together for screen readers."""

from __future__ import annotations

import unicodedata
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting

LONGEST_INPUT = 2000


class PortalFormRenderer(TemplatesSetting):
    """Renders forms and fields with the portal's templates in `templates/django/forms/`."""

    form_template_name = "django/forms/form.html"
    field_template_name = "django/forms/field.html"


class PortalForm(forms.Form):
    """A form that answers any input with a message and never with an error of its own.

    Control characters and over-long values are refused at their field before any validator sees
    them, and what was typed stays there. `field_classes` widens or narrows inputs by name.
    """

    field_classes: ClassVar[dict[str, str]] = {}
    template_name_label = "django/forms/label.html"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
        for name, field in self.fields.items():
            _dress(field, self.field_classes.get(name, ""))
            field.validators.insert(0, refuse_odd_input)

    @property
    def error_list(self) -> list[tuple[str, str]]:
        """Return (id of the input or "", message) for each error, in the order of the page."""
        found = [("", str(message)) for message in self.non_field_errors()]
        for bound in self:
            found += [(bound.id_for_label, str(message)) for message in bound.errors]
        return found


def refuse_odd_input(value: object) -> None:
    """Raise ValidationError for control characters and for more than 2000 characters."""
    if not isinstance(value, str):
        return
    if len(value) > LONGEST_INPUT:
        raise ValidationError("This is too long.", code="too_long")
    if any(_is_control(character) for character in value):
        raise ValidationError("Remove characters that cannot be seen.", code="control")


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs", "Co"} and character not in "\r\n\t"


def _dress(field: forms.Field, extra: str) -> None:
    widget = field.widget
    if isinstance(widget, forms.CheckboxInput | forms.RadioSelect):
        base = "ds-c-choice"
    else:
        base = "ds-c-field"
    known = str(widget.attrs.get("class", ""))
    widget.attrs["class"] = " ".join(part for part in (base, known, extra) if part)
