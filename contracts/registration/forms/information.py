"""Enter user information: the fields of the source documents, required as the contract says."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms

from core.accounts.selectors import username_is_available
from core.ui.fields import (
    STATES,
    LatinTextField,
    PlainEmailField,
    UsernameField,
    UsPhoneField,
    ZipField,
    missing,
)
from core.ui.forms import PortalForm
from tenants.configuration.document import FormFields

_AUTOCOMPLETE: Final = {
    "username": "username",
    "first_name": "given-name",
    "last_name": "family-name",
    "address_1": "address-line1",
    "address_2": "address-line2",
    "city": "address-level2",
    "us_state": "address-level1",
    "zip": "postal-code",
    "email": "email",
    "confirm_email": "email",
    "phone": "tel-national",
    "fax": "off",
}
# The document calls the field `state`, as its readers do.
_FIELD_OF: Final = {"state": "us_state"}


class InformationForm(PortalForm):
    """Who registers, and how to reach them."""

    username = UsernameField(
        max_length=60,
        label="Username",
        help_text=(
            "3 to 60 letters, digits, dots, hyphens or underscores. It cannot be changed later."
        ),
    )
    first_name = LatinTextField(max_length=80, label="First name")
    last_name = LatinTextField(max_length=80, label="Last name")
    address_1 = LatinTextField(max_length=120, required=False, label="Address 1")
    address_2 = LatinTextField(max_length=120, required=False, label="Address 2")
    city = LatinTextField(max_length=80, required=False, label="City")
    us_state = forms.ChoiceField(
        required=False, label="State", choices=[("", "Select State"), *STATES]
    )
    zip = ZipField(max_length=10, required=False, label="ZIP code")
    email = PlainEmailField(
        max_length=254,
        label="Email",
        help_text="Your own work address. The registration link goes there.",
    )
    confirm_email = PlainEmailField(max_length=254, label="Confirm email")
    phone = UsPhoneField(
        max_length=40, required=False, label="Phone", help_text="Ten digits, without an extension."
    )
    fax = UsPhoneField(max_length=40, required=False, label="Fax", help_text="Ten digits.")

    def __init__(self, *args: Any, fields: FormFields, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked = fields
        for name, autocomplete in _AUTOCOMPLETE.items():
            self.fields[name].widget.attrs["autocomplete"] = autocomplete
        self.fields["username"].widget.attrs.update(
            {"autocapitalize": "none", "spellcheck": "false"}
        )
        for asked in fields.required:
            self.fields[_FIELD_OF.get(asked, asked)].required = True
        for named, label in fields.labels.items():
            self.fields[_FIELD_OF.get(named, named)].label = label
        for field in self.fields.values():
            field.error_messages["required"] = missing(str(field.label))
        self.fields["us_state"].error_messages["required"] = "Select the state."
        self.fields["email"].error_messages["required"] = "Enter your e-mail address."
        self.fields["confirm_email"].error_messages["required"] = "Enter your e-mail address again."
        self._describe("username", "username-availability")
        if fields.fax_note:
            self._describe("fax", "fax-note")

    def _describe(self, name: str, element: str) -> None:
        """Tie a field to a text of the page that is not its hint."""
        self.fields[name].widget.attrs["aria-describedby"] = element

    def without_errors(self) -> "InformationForm":
        """Return the form as it was filled in, unchecked: only the username was asked about."""
        filled = {name: self.data.get(name, "") for name in self.fields}
        return InformationForm(initial=filled, fields=self.asked)

    def check_username_at(self, url: str) -> None:
        """Have the browser ask, while the page is filled in, whether the username is free."""
        self.fields["username"].widget.attrs.update(
            {
                "hx-get": url,
                "hx-trigger": "input changed delay:500ms, blur changed",
                "hx-target": "#username-availability",
                "hx-sync": "this:replace",
            }
        )

    def clean_username(self) -> str:
        """Refuse a username that an account has or a registration reserves."""
        username = str(self.cleaned_data["username"])
        if not username_is_available(username):
            raise forms.ValidationError("This username is taken. Choose another one.")
        return username

    def clean(self) -> dict[str, Any]:
        """Compare the two addresses, without case."""
        cleaned = dict(super().clean() or {})
        check_same_email(self, cleaned)
        return cleaned

    def information(self) -> dict[str, str]:
        """Return what is kept: every field but the repeated address."""
        return {
            name: str(value) for name, value in self.cleaned_data.items() if name != "confirm_email"
        }


def initial_information(kept: Mapping[str, str]) -> dict[str, str]:
    """Return the initial values of the form from what a journey kept."""
    return {**kept, "confirm_email": kept["email"]} if kept else {}


def check_same_email(form: PortalForm, cleaned: Mapping[str, Any]) -> None:
    """Put an error at the repeated address when the two differ."""
    email, again = cleaned.get("email"), cleaned.get("confirm_email")
    if email and again and email.lower() != again.lower():
        form.add_error("confirm_email", "The two e-mail addresses are not the same.")
