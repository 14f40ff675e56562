"""What the component gallery shows."""

from datetime import datetime, timedelta
from typing import Any

from django import forms

from core.ui.forms import PortalForm


class SampleForm(PortalForm):
    """One field of each kind."""

    number = forms.CharField(label="NPI", help_text="Ten digits.", max_length=20)
    place = forms.ChoiceField(label="State", choices=[("", "Select State"), ("OH", "Ohio")])
    kind = forms.ChoiceField(
        label="How shall we reach you?",
        choices=[("phone", "Phone"), ("email", "E-mail")],
        widget=forms.RadioSelect,
    )
    agree = forms.BooleanField(label="I have read and agree to these terms of use")


def gallery_context(at: datetime) -> dict[str, Any]:
    """Return a filled, an empty and a failing form, and values for the other components."""
    return {
        "plain_form": SampleForm(prefix="plain"),
        "form": SampleForm({"failing-number": "12\x00"}, prefix="failing"),
        "steps": ["Your organization", "Your information", "Terms of use", "Confirm by e-mail"],
        "rows": [("Name", "Sample Clinic"), ("Address", "1 Main Street\nSampletown OH 43001")],
        "until": at + timedelta(seconds=45),
        "rules": [("length:14", "14 characters or more"), ("upper", "one capital letter")],
    }
