"""What somebody says about themselves who asks to join a provider."""

from typing import Any

from django import forms

from core.accounts.account_form import check_same_email
from core.groups.services.join_requests import Asker
from core.ui.fields import LatinTextField, PlainEmailField
from core.ui.forms import PortalForm


class JoinForm(PortalForm):
    """A few words for the admins, who see name and e-mail address anyway."""

    note = forms.CharField(
        label="Who you are for them",
        required=False,
        max_length=300,
        help_text=(
            "Optional: what you do at this office and who asked you to join. No patients, no codes."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class OutsideForm(JoinForm):
    """Somebody without an account: the invitation goes to the address."""

    field_order = ("first_name", "last_name", "email", "confirm_email", "note")
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
    email = PlainEmailField(
        max_length=254,
        label="Email",
        help_text="Your own work address. An invitation goes there.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    confirm_email = PlainEmailField(
        max_length=254,
        label="Confirm email",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def clean(self) -> dict[str, Any]:
        """Compare the two addresses, without case."""
        cleaned = dict(super().clean() or {})
        check_same_email(self, cleaned)
        return cleaned

    def asker(self) -> Asker:
        """Return what was typed."""
        typed = self.cleaned_data
        return Asker(
            email=typed["email"].lower(),
            first_name=typed["first_name"],
            last_name=typed["last_name"],
            note=typed["note"],
        )
