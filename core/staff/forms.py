"""Forms of the staff pages."""

from django import forms

from core.accounts.selectors import username_is_available
from core.ui.fields import LatinTextField, UsernameField
from core.ui.forms import PortalForm


class InviteeForm(PortalForm):
    """Who accepts an invitation and has no account yet."""

    first_name = LatinTextField(
        max_length=80,
        label="First name",
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    last_name = LatinTextField(
        max_length=80,
        label="Last name",
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    username = UsernameField(
        max_length=60,
        label="Username",
        help_text=(
            "3 to 60 letters, digits, dots, hyphens or underscores. It cannot be changed later."
        ),
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )

    def clean_username(self) -> str:
        """Refuse a username that is taken; only for the holder of a link that was used."""
        username = str(self.cleaned_data["username"])
        if username.lower() != self.initial.get("username", "").lower() and not (
            username_is_available(username)
        ):
            raise forms.ValidationError("This username is taken. Choose another one.")
        return username
