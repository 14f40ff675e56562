"""Forms of the sign-in pages."""

from typing import Any

from django import forms

from core.ui.forms import PortalForm


class RememberForm(PortalForm):
    """The box of the Login options page. `hours` is the most that the site offers."""

    remember = forms.BooleanField(label="Remember Me", required=False)

    def __init__(self, *args: Any, hours: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        life = "1 hour" if hours == 1 else f"{hours} hours"
        self.fields["remember"].help_text = (
            f"For up to {life} on this browser, the same button signs you in without password "
            "and code. Do not use it on a shared device."
        )


class SignInForm(PortalForm):
    """Address and password. It says nothing about whether they belong to anybody."""

    email = forms.EmailField(
        label="Email Address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "spellcheck": "false"}),
        error_messages={
            "required": "Enter your e-mail address",
            "invalid": "Enter an e-mail address in the form name@example.org",
        },
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Enter your password"},
    )
