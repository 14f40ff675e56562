"""Forms of MFA registration and of the second factor at sign-in."""

from typing import Any

from django import forms

from core.accounts.passwords.rules import PasswordRules, broken_rules
from core.common.phones import PhoneNumberError, parse_us_phone
from core.mfa.codes import DIGITS, typed_digits
from core.ui.fields import PlainEmailField
from core.ui.forms import PortalForm


class EmailForm(PortalForm):
    """The address that is to be proven."""

    email = forms.EmailField(
        label="Email Address",
        max_length=254,
        help_text="Your work e-mail address. We send a code to it.",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={
            "required": "Enter your e-mail address",
            "invalid": "Enter an e-mail address in the form name@example.org",
        },
    )


class NewEmailForm(PortalForm):
    """Another address for one's own account."""

    email = PlainEmailField(
        label="New Email Address",
        max_length=254,
        help_text="We send a code to it. Until you enter the code, nothing changes.",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={
            "required": "Enter the new e-mail address",
            "invalid": "Enter an e-mail address in the form name@example.org",
        },
    )

    def __init__(self, *args: Any, present: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._present = present

    def clean_email(self) -> str:
        """Return the address in lower case; the present one is no change."""
        email = str(self.cleaned_data["email"]).lower()
        if email == self._present.lower():
            raise forms.ValidationError("This is your present e-mail address")
        return email


class ForgotForm(EmailForm):
    """The address of the account whose password is forgotten."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].help_text = "The address that you sign in with."
        self.fields["email"].widget.attrs["autocomplete"] = "username"


class CodeForm(PortalForm):
    """A one-time code; spaces and hyphens are taken as they come."""

    code = forms.CharField(
        label="Verification Code",
        help_text=f"{DIGITS} digits",
        widget=forms.TextInput(
            attrs={
                "inputmode": "numeric",
                "autocomplete": "one-time-code",
                "spellcheck": "false",
                "class": "ds-c-field--medium",
            }
        ),
        error_messages={"required": "Enter the verification code"},
    )

    def clean_code(self) -> str:
        """Return six digits."""
        typed = str(self.cleaned_data["code"])
        digits = typed_digits(typed)
        if len(digits) != DIGITS or typed.strip(" -0123456789"):
            raise forms.ValidationError(f"The code has {DIGITS} digits")
        return digits


class AppCodeForm(CodeForm):
    """The code that an authenticator app shows now."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = f"The {DIGITS} digits that your app shows now"


class RecoveryCodeForm(PortalForm):
    """A recovery code; case, spaces and hyphens are taken as they come."""

    code = forms.CharField(
        label="Recovery Code",
        help_text="Ten letters and digits, as in k7qm2-xrt9b",
        max_length=30,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
        error_messages={"required": "Enter one of your recovery codes"},
    )


class PasskeyNameForm(PortalForm):
    """What the person calls a passkey."""

    name = forms.CharField(
        label="Name",
        help_text="So that you know it again: the phone, computer or key it is on",
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Give it a name, such as Office computer"},
    )


class PasswordForm(PortalForm):
    """A new password, twice. The rules stand beside it and are checked by the service."""

    password = forms.CharField(
        label="New Password",
        strip=False,
        widget=forms.PasswordInput(
            attrs={"autocomplete": "new-password", "aria-describedby": "password-rules"}
        ),
        error_messages={"required": "Enter a new password"},
    )
    confirmation = forms.CharField(
        label="Confirm New Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Enter the new password again"},
    )

    def __init__(self, *args: Any, rules: PasswordRules, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rules = rules

    def clean(self) -> dict[str, Any]:
        """Say with a wrong repetition what else is wrong: the service checks right ones alone."""
        cleaned = dict(super().clean() or {})
        if "confirmation" in self.errors and (password := cleaned.get("password")):
            for problem in broken_rules(password, rules=self.rules, words=()):
                self.add_error("password", problem)
        return cleaned

    def clean_confirmation(self) -> str:
        """Return the repetition when it is the same."""
        again = str(self.cleaned_data["confirmation"])
        first = self.cleaned_data.get("password")
        if first is not None and first != again:
            raise forms.ValidationError("The two passwords are not the same.")
        return again


class PresentPasswordForm(PortalForm):
    """The password that holds now."""

    password = forms.CharField(
        label="Present Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Enter your present password"},
    )


class PhoneForm(PortalForm):
    """A ten-digit number of the United States."""

    country = forms.ChoiceField(
        label="Country Code",
        choices=[("1", "United States (+1)")],
        initial="1",
        widget=forms.Select(attrs={"autocomplete": "tel-country-code"}),
    )
    phone = forms.CharField(
        label="Phone Number",
        help_text=(
            "A direct line with ten digits, mobile or landline, without an extension. "
            "A landline takes Call Me."
        ),
        widget=forms.TextInput(
            attrs={"type": "tel", "autocomplete": "tel-national", "inputmode": "tel"}
        ),
        error_messages={"required": "Enter a phone number"},
    )

    def clean_phone(self) -> str:
        """Return the number in the form +13045550123."""
        try:
            return parse_us_phone(str(self.cleaned_data["phone"]))
        except PhoneNumberError as error:
            raise forms.ValidationError(error.sentence) from error


class FirstLoginForm(PortalForm):
    """Username and password of an account that has no factor yet; it says nothing about either."""

    username = forms.CharField(
        label="Username",
        max_length=254,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
        error_messages={"required": "Enter your username"},
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Enter your password"},
    )
