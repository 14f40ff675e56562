"""The small forms after the information page: terms, corrected address, Reset."""

from typing import Any

from django import forms

from contracts.registration.forms.fields import PlainEmailField
from contracts.registration.forms.information import check_same_email
from core.ui.forms import PortalForm


class TermsForm(PortalForm):
    """The acknowledgement of the terms of use."""

    accepted = forms.BooleanField(
        label="I have read and agree to these terms of use",
        error_messages={
            "required": "To register, read the terms of use and tick that you agree to them."
        },
    )


class AddressForm(PortalForm):
    """Another address for the registration link."""

    email = PlainEmailField(
        max_length=254,
        label="Email",
        error_messages={"required": "Enter your e-mail address."},
    )
    confirm_email = PlainEmailField(
        max_length=254,
        label="Confirm email",
        error_messages={"required": "Enter your e-mail address again."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["autocomplete"] = "email"

    def clean(self) -> dict[str, Any]:
        """Compare the two addresses, without case."""
        cleaned = dict(super().clean() or {})
        check_same_email(self, cleaned)
        return cleaned


class ResetForm(PortalForm):
    """Whose registration link is to be mailed again."""

    username = forms.CharField(
        max_length=60,
        label="Username",
        help_text="The username that you chose when you registered.",
        error_messages={"required": "Enter your username."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.attrs.update(
            {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        )
