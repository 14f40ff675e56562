"""Username, address, and how to reach somebody: the fields of the source documents."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms

from core.accounts.contact_form import ContactForm
from core.accounts.selectors import username_is_available
from core.ui.fields import PlainEmailField, UsernameField, missing
from core.ui.forms import PortalForm
from tenants.configuration.profile import FormFields

_AUTOCOMPLETE: Final = {"username": "username", "email": "email", "confirm_email": "email"}


class AccountForm(ContactForm):
    """Who gets an account: the fields of Enter User Information and of Add New User."""

    field_order = (
        "username",
        "first_name",
        "last_name",
        "address_1",
        "address_2",
        "city",
        "us_state",
        "zip",
        "email",
        "confirm_email",
        "phone",
        "fax",
    )

    username = UsernameField(
        max_length=60,
        label="Username",
        help_text=(
            "3 to 60 letters, digits, dots, hyphens or underscores. It cannot be changed later."
        ),
    )
    email = PlainEmailField(
        max_length=254,
        label="Email",
        help_text="Your own work address. The registration link goes there.",
    )
    confirm_email = PlainEmailField(max_length=254, label="Confirm email")

    def __init__(self, *args: Any, fields: FormFields, **kwargs: Any) -> None:
        super().__init__(*args, fields=fields, **kwargs)
        self.asked = fields
        for name, autocomplete in _AUTOCOMPLETE.items():
            self.fields[name].widget.attrs["autocomplete"] = autocomplete
        self.fields["username"].widget.attrs.update(
            {"autocapitalize": "none", "spellcheck": "false"}
        )
        self.fields["username"].error_messages["required"] = missing("Username")
        self.fields["email"].error_messages["required"] = "Enter your e-mail address."
        self.fields["confirm_email"].error_messages["required"] = "Enter your e-mail address again."
        self.describe("username", "username-availability")

    def filled(self) -> dict[str, str]:
        """Return what was typed, unchecked: only the username was asked about."""
        return {name: self.data.get(name, "") for name in self.fields}

    def check_username_at(self, url: str) -> None:
        """Have the browser ask, while the page is filled in, whether the username is free."""
        self.fields["username"].widget.attrs.update(
            {
                "hx-get": url,
                "hx-trigger": "input changed delay:500ms, blur changed, typed-before",
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
    """Return the initial values of the form from what was kept."""
    return {**kept, "confirm_email": kept["email"]} if kept else {}


def check_same_email(form: PortalForm, cleaned: Mapping[str, Any]) -> None:
    """Put an error at the repeated address when the two differ."""
    email, again = cleaned.get("email"), cleaned.get("confirm_email")
    if email and again and email.lower() != again.lower():
        form.add_error("confirm_email", "The two e-mail addresses are not the same.")
