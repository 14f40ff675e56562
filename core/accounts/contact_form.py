"""Name, address, phone and fax: the fields that registration and My account share."""

from collections.abc import Iterable
from typing import Any, Final, Literal

from django import forms

from core.ui.fields import STATES, LatinTextField, UsPhoneField, ZipField, missing
from core.ui.forms import PortalForm
from tenants.configuration.profile import FormFields
from tenants.context import ActiveContract

_AUTOCOMPLETE: Final = {
    "first_name": "given-name",
    "last_name": "family-name",
    "address_1": "address-line1",
    "address_2": "address-line2",
    "city": "address-level2",
    "us_state": "address-level1",
    "zip": "postal-code",
    "phone": "tel-national",
    "fax": "off",
}
# The document calls the field `state`, as its readers do.
_FIELD_OF: Final = {"state": "us_state"}


class ContactForm(PortalForm):
    """Who somebody is and how to reach them; required is what the document says."""

    first_name = LatinTextField(max_length=80, label="First name")
    last_name = LatinTextField(max_length=80, label="Last name")
    address_1 = LatinTextField(max_length=120, required=False, label="Address 1")
    address_2 = LatinTextField(max_length=120, required=False, label="Address 2")
    city = LatinTextField(max_length=80, required=False, label="City")
    us_state = forms.ChoiceField(
        required=False, label="State", choices=[("", "Select State"), *STATES]
    )
    zip = ZipField(max_length=10, required=False, label="ZIP code")
    phone = UsPhoneField(
        max_length=40, required=False, label="Phone", help_text="Ten digits, without an extension."
    )
    fax = UsPhoneField(max_length=40, required=False, label="Fax", help_text="Ten digits.")

    def __init__(self, *args: Any, fields: FormFields, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, autocomplete in _AUTOCOMPLETE.items():
            self.fields[name].widget.attrs["autocomplete"] = autocomplete
        for asked in fields.required:
            self.fields[_FIELD_OF.get(asked, asked)].required = True
        for named, label in fields.labels.items():
            self.fields[_FIELD_OF.get(named, named)].label = label
        for name in _AUTOCOMPLETE:
            self.fields[name].error_messages["required"] = missing(str(self.fields[name].label))
        self.fields["us_state"].error_messages["required"] = "Select the state."
        if fields.fax_note:
            self.describe("fax", "fax-note")

    def describe(self, name: str, element: str) -> None:
        """Tie a field to a text of the page that is not its hint."""
        self.fields[name].widget.attrs["aria-describedby"] = element


def fields_of(
    contracts: Iterable[ActiveContract],
    here: ActiveContract | None,
    *,
    form: Literal["registration", "added_user"] = "registration",
) -> FormFields:
    """Return which fields an account must fill in: what any of its contracts requires.

    `form` names whose rule holds: an admin knows less of a user than the user does.
    Labels and the note on faxed letters are those of the contract in hand, else of the first one
    that has a note. Without a contract nothing is required.
    """
    known = sorted(contracts, key=lambda one: one.slug)
    forms_of = [getattr(one.document.profile, form) for one in known]
    required = {name for one in forms_of for name in one.required}
    own = getattr(here.document.profile, form) if here else None
    note = next((one.fax_note for one in [own, *forms_of] if one and one.fax_note), None)
    return FormFields(
        required=tuple(sorted(required)), labels=own.labels if own else {}, fax_note=note
    )
