"""Forms of the help pages."""

from typing import Any

from django import forms

from core.mfa.models import HelpKind
from core.mfa.services.help_requests import HelpFacts
from core.ui.forms import PortalForm

# Who has forgotten the address, or never had an account, need not name one.
_WITHOUT_ACCOUNT = {HelpKind.FORGOTTEN_ADDRESS, HelpKind.NO_ADMIN}


class UnfinishedForm(PortalForm):
    """Address and password of a registration that was begun."""

    email = forms.EmailField(
        label="Email Address",
        max_length=254,
        help_text="The address that you verified when you began.",
        widget=forms.EmailInput(attrs={"autocomplete": "username", "spellcheck": "false"}),
        error_messages={
            "required": "Enter your e-mail address",
            "invalid": "Enter an e-mail address in the form name@example.org",
        },
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        help_text="The password that you created when you began.",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Enter the password"},
    )


class ReminderForm(PortalForm):
    """Whose address is forgotten."""

    username = forms.CharField(
        label="Username",
        max_length=60,
        help_text="The username of your account; it is printed in the mails of your registration.",
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
        error_messages={"required": "Enter your username"},
    )


class HelpForm(PortalForm):
    """What the help desk needs to know. No passwords, no codes, nothing about patients."""

    name = forms.CharField(
        label="Your name",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Enter your name"},
    )
    account = forms.CharField(
        label="E-mail address or username of your account",
        max_length=254,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
        error_messages={"required": "Enter the e-mail address or username of your account"},
    )
    reach = forms.CharField(
        label="Phone number or e-mail address where we reach you",
        max_length=254,
        help_text="We call or write, to make sure that it is you.",
        error_messages={"required": "Enter a phone number or an e-mail address"},
    )
    organization = forms.CharField(
        label="Your provider and its number",
        max_length=200,
        help_text="For example: Elm Clinic, NPI 1234567893.",
        error_messages={"required": "Enter your provider"},
    )
    note = forms.CharField(
        label="Anything else that helps",
        required=False,
        max_length=1000,
        help_text="No passwords, no codes, and nothing about patients.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, kind: HelpKind, is_signed_in: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_signed_in:
            del self.fields["account"]
        elif kind in _WITHOUT_ACCOUNT:
            self.fields["account"].required = False
            self.fields["account"].help_text = "If you know one of them."

    def facts(self) -> HelpFacts:
        """Return what was typed; call it on a valid form."""
        typed = self.cleaned_data
        return HelpFacts(
            name=typed["name"],
            account=typed.get("account", ""),
            reach=typed["reach"],
            organization=typed["organization"],
            note=typed["note"],
        )
