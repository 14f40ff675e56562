"""Forms as every page shows them: label, hint, error, input, tied together for screen readers."""

from __future__ import annotations

import unicodedata
from html import escape
from typing import Any, ClassVar, Final
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator
from django.dispatch import Signal
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe

from core.ui.fields import in_sentence

choices_refused: Final = Signal()
"""Sent by a form's class with `keys`: what was chosen by its key though it was not offered."""
LONGEST_INPUT: Final = 2000
"""Characters that any field takes at most, where it sets no limit of its own."""
_OF_ANY_FIELD: Final = {
    "max_length": "use %(limit_value)d characters or fewer.",
    "too_long": "this is too long.",
    "control": "remove characters that cannot be seen.",
}
_SINGLE_INPUTS: Final = frozenset(
    f"django/forms/widgets/{kind}.html"
    for kind in ("text", "email", "password", "number", "hidden", "checkbox", "input")
)
"""The templates of Django's that say no more than `input.html`."""
SHORT_INPUT: Final = 20
"""Fields that take no more characters than this are drawn short: their width tells what goes in."""


class PortalFormRenderer(TemplatesSetting):
    """Renders forms and fields with the portal's templates in `templates/django/forms/`.

    A single input is put together here, as Django's template for it says: the template engine takes
    ten times as long over a tag and its attributes, and pages are made of them.
    """

    form_template_name = "django/forms/form.html"
    field_template_name = "django/forms/field.html"

    def render(
        self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None
    ) -> str:
        """Return the text of a form, a field or an input."""
        if template_name in _SINGLE_INPUTS:
            return _input(context["widget"])
        return super().render(template_name, context, request)


def _input(widget: dict[str, Any]) -> SafeString:
    """Return an input's tag: `django/forms/widgets/input.html` and `attrs.html`."""
    value = {} if widget["value"] is None else {"value": widget["value"]}
    named = {"type": widget["type"], "name": widget["name"]} | value
    parts = [f' {_escaped(name)}="{_escaped(given)}"' for name, given in named.items()]
    for name, given in widget["attrs"].items():
        if given is True:
            parts.append(f" {_escaped(name)}")
        elif given is not False:
            parts.append(f' {_escaped(name)}="{_escaped(given)}"')
    return mark_safe(f"<input{''.join(parts)}>")  # noqa: S308 - each part is escaped


def _escaped(value: object) -> str:
    """Return a value as it stands in a page. Django's own looks first whether it is lazy."""
    text = str(value)
    return text if isinstance(text, SafeString) else escape(text)


class PortalForm(forms.Form):
    """A form that answers any input with a message and never with an error of its own.

    Control characters and over-long values are refused at their field before any validator sees
    them, and what was typed stays there. A required field without a message of its own says what
    is missing. `field_classes` widens or narrows inputs by name.
    """

    field_classes: ClassVar[dict[str, str]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
        for name, field in self.fields.items():
            _dress(field, self.field_classes.get(name, ""))
            _refuse_with_one_message(field)
            _name_what_is_missing(name, field)

    def full_clean(self) -> None:
        """Check the form. Sentences that fit any field name theirs: labels are known by now."""
        for name, field in self.fields.items():
            _name_the_field(str(field.label or name.replace("_", " ")), field)
        super().full_clean()
        if self.errors:
            self._tell_of_refused_choices()

    def _tell_of_refused_choices(self) -> None:
        """Send what was chosen by a key that was not among the choices: of other forms of ours."""
        keys = {
            name: key
            for name, errors in self.errors.as_data().items()
            for error in errors
            if error.code == "invalid_choice" and (key := _key(error)) is not None
        }
        if keys:
            choices_refused.send(type(self), keys=keys)

    @property
    def error_list(self) -> list[tuple[str, str]]:
        """Return (id of the input or "", message) for each error, in the order of the page."""
        found = [("", str(message)) for message in self.non_field_errors()]
        for bound in self:
            found += [(_first_input(bound), str(message)) for message in bound.errors]
        return found


def refuse_odd_input(value: object) -> None:
    """Raise ValidationError for control characters and for more than 2000 characters."""
    if not isinstance(value, str):
        return
    if len(value) > LONGEST_INPUT:
        raise ValidationError("This is too long.", code="too_long")
    if any(_is_control(character) for character in value):
        raise ValidationError("Remove characters that cannot be seen.", code="control")


def _key(error: ValidationError) -> UUID | None:
    """Return the key that somebody chose; None where choices are words."""
    try:
        return UUID(str((error.params or {}).get("value")))
    except ValueError:
        return None


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs", "Co"} and character not in "\r\n\t"


def _dress(field: forms.Field, extra: str) -> None:
    widget = field.widget
    if isinstance(widget, forms.CheckboxInput | forms.RadioSelect):
        base = "ds-c-choice"
    else:
        base = "ds-c-field"
        longest = getattr(field, "max_length", None)
        if not extra and longest and longest <= SHORT_INPUT:
            extra = "field--short"
    known = str(widget.attrs.get("class", ""))
    widget.attrs["class"] = " ".join(part for part in (base, known, extra) if part)


def _refuse_with_one_message(field: forms.Field) -> None:
    """Put our check first, and leave out those of Django's that would say the same again."""
    kept = [
        validator
        for validator in field.validators
        if not isinstance(validator, ProhibitNullCharactersValidator)
    ]
    has_limit = any(isinstance(validator, MaxLengthValidator) for validator in kept)
    field.validators = [_refuse_control_characters if has_limit else refuse_odd_input, *kept]


def _refuse_control_characters(value: object) -> None:
    if isinstance(value, str):
        refuse_odd_input(value[:LONGEST_INPUT])


def _name_the_field(label: str, field: forms.Field) -> None:
    """Put the label before what is said of any field: a summary of errors shows no fields."""
    quoted = label.replace("%", "%%")
    for code, words in _OF_ANY_FIELD.items():
        field.error_messages.setdefault(code, f"{quoted}: {words}")


def _name_what_is_missing(name: str, field: forms.Field) -> None:
    stock = str(forms.Field.default_error_messages["required"])
    if str(field.error_messages.get("required", stock)) == stock:
        label = str(field.label or name.replace("_", " "))
        field.error_messages["required"] = _missing(field, label)


def _missing(field: forms.Field, label: str) -> str:
    if isinstance(field, forms.BooleanField):
        return f"Tick this to go on: {label}"
    if isinstance(field.widget, forms.RadioSelect):
        return f"Choose one: {label}"
    verb = "Select" if isinstance(field, forms.ChoiceField) else "Enter"
    return f"{verb} the {in_sentence(label)}."


def _first_input(bound: BoundField) -> str:
    if isinstance(bound.field.widget, forms.RadioSelect):
        # A group has no id of its own; its first button does.
        return f"{bound.auto_id}_0"
    return bound.id_for_label
