"""What the component gallery shows."""

from datetime import datetime, timedelta
from typing import Any

from django import forms

from core.ui.forms import PortalForm

TONES = ("lightest", "lighter", "light", "base", "dark", "darker", "darkest")


class SampleForm(PortalForm):
    """One field of each kind."""

    number = forms.CharField(
        label="NPI", help_text="Ten digits. Example: 1234567893", max_length=10
    )
    clinic = forms.CharField(
        label="Name of the clinic",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    fax = forms.CharField(label="Fax", required=False, max_length=20)
    place = forms.ChoiceField(label="State", choices=[("", "Select State"), ("OH", "Ohio")])
    notes = forms.CharField(
        label="Notes", required=False, widget=forms.Textarea(attrs={"rows": "3"})
    )
    kind = forms.ChoiceField(
        label="How shall we reach you?",
        help_text="We use it for this registration only.",
        choices=[("phone", "Phone"), ("email", "E-mail")],
        widget=forms.RadioSelect,
    )
    agree = forms.BooleanField(label="I have read and agree to these terms of use")


class SamplePasswordForm(PortalForm):
    """A password twice, with the rules beside it."""

    password = forms.CharField(
        label="New Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="Confirm New Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class SampleCodeForm(PortalForm):
    """A one-time code."""

    code = forms.CharField(
        label="Verification Code",
        help_text="6 digits",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


def gallery_context(at: datetime) -> dict[str, Any]:
    """Return forms in each state, and values for the other components."""
    filled = {
        "filled-number": "1234567893",
        "filled-clinic": "Sample Clinic",
        "filled-place": "OH",
        "filled-kind": "phone",
        "filled-agree": "on",
    }
    return {
        "plain_form": SampleForm(prefix="plain"),
        "filled_form": SampleForm(filled, prefix="filled"),
        "failing_form": SampleForm({"failing-number": "12\x00"}, prefix="failing"),
        "password_form": SamplePasswordForm(prefix="secret"),
        "code_form": SampleCodeForm(prefix="code"),
        "steps": ["Your organization", "Your information", "Terms of use", "Confirm by e-mail"],
        "rows": [
            ("Provider", "Sample Clinic"),
            ("Address", "1 Main Street\nSampletown OH 43001"),
            ("Left out, because it is empty", ""),
        ],
        "soon": at + timedelta(seconds=45),
        "later": at + timedelta(minutes=20),
        "very_soon": at + timedelta(seconds=8),
        "over": at - timedelta(seconds=1),
        "rules": [
            ("length:14", "At least 14 characters"),
            ("upper", "A capital letter"),
            ("lower", "A small letter"),
            ("digit", "A digit"),
            ("special", "A sign such as ! or #"),
            ("match", "The same password twice"),
        ],
        "tones": TONES,
    }
