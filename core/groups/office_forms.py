"""The forms of third parties: an office registers, a provider gives it access."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django import forms

from core.accounts.account_form import check_same_email
from core.accounts.models import User
from core.groups.forms import role_sentences
from core.groups.models import Provider, Role
from core.groups.office_codes import in_blocks
from core.groups.roles import STAFF, RoleTerms
from core.groups.services.access_grants import MOST_DAYS, GrantTerms
from core.groups.services.office_registrations import Registrant
from core.groups.services.offices import OfficeFacts
from core.ui.fields import (
    STATES,
    LatinTextField,
    PlainEmailField,
    UsernameField,
    ZipField,
    day_field,
    missing,
)
from core.ui.forms import PortalForm

_AUTOCOMPLETE: Final = {
    "name": "organization",
    "address_1": "address-line1",
    "address_2": "address-line2",
    "city": "address-level2",
    "us_state": "address-level1",
    "zip": "postal-code",
    "first_name": "given-name",
    "last_name": "family-name",
    "email": "email",
    "confirm_email": "email",
}


class OfficeForm(PortalForm):
    """Name and address of an office, as providers will read them."""

    name = LatinTextField(
        max_length=200,
        label="Name of the office",
        help_text="Providers read it when they enter your office code.",
    )
    address_1 = LatinTextField(max_length=120, label="Address 1")
    address_2 = LatinTextField(max_length=120, required=False, label="Address 2")
    city = LatinTextField(max_length=80, label="City")
    us_state = forms.ChoiceField(label="State", choices=[("", "Select State"), *STATES])
    zip = ZipField(max_length=10, label="ZIP code")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs["autocomplete"] = _AUTOCOMPLETE[name]
            field.error_messages["required"] = missing(str(field.label))
        self.fields["us_state"].error_messages["required"] = "Select the state."

    def facts(self) -> OfficeFacts:
        """Return what was entered about the office."""
        known = self.cleaned_data
        return OfficeFacts(
            name=known["name"],
            address_1=known["address_1"],
            address_2=known["address_2"],
            city=known["city"],
            state=known["us_state"],
            zip=known["zip"],
        )


class OfficeRegistrationForm(OfficeForm):
    """An office, and who will be its admin."""

    first_name = LatinTextField(max_length=80, label="First name")
    last_name = LatinTextField(max_length=80, label="Last name")
    email = PlainEmailField(
        max_length=254,
        label="Email",
        help_text="Your own work address. The registration link goes there.",
    )
    confirm_email = PlainEmailField(max_length=254, label="Confirm email")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].error_messages["required"] = "Enter your e-mail address."
        self.fields["confirm_email"].error_messages["required"] = "Enter your e-mail address again."

    def clean(self) -> dict[str, Any]:
        """Compare the two addresses, without case."""
        cleaned = dict(super().clean() or {})
        check_same_email(self, cleaned)
        return cleaned

    def registrant(self) -> Registrant:
        """Return who registers."""
        known = self.cleaned_data
        return Registrant(known["first_name"], known["last_name"], known["email"])


class OfficeUsernameForm(PortalForm):
    """The username of an office's first admin; whether it is free says who reserves it."""

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


class OfficeCodeForm(PortalForm):
    """The code that an office has given to a provider's admin."""

    code = forms.CharField(
        label="Office code",
        max_length=40,
        help_text="Twelve letters and digits, for example in three blocks. The office tells it.",
        error_messages={"required": "Enter the office code."},
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )


class AccessTermsForm(PortalForm):
    """In which role an office has access, and through which day.

    `today` is the day on which the form is shown. The roles may be several of one key, of different
    programs (`core.groups.setup.roles_at`).
    """

    role = forms.ChoiceField(
        label="Role of its people",
        initial=STAFF.key,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the role of the office's people."},
    )
    last_day = day_field(
        "Last day of access",
        error_messages={
            "required": "Choose the last day of access.",
            "invalid": "Enter a date, for example 2030-06-30.",
        },
    )

    def __init__(self, *args: Any, today: date, roles: Sequence[RoleTerms], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = role_sentences(roles)  # type: ignore[attr-defined]
        latest = today + timedelta(days=MOST_DAYS)
        field = self.fields["last_day"]
        field.help_text = f"At most {MOST_DAYS} days from now. You can end it earlier at any time."
        field.widget.attrs.update(min=today.isoformat(), max=latest.isoformat())

    def terms(self) -> GrantTerms:
        """Return what was chosen."""
        return GrantTerms(self.cleaned_data["role"], self.cleaned_data["last_day"])


class ChangeAccessForm(AccessTermsForm):
    """Another role or last day than the page showed."""

    was_role = forms.CharField(max_length=20, widget=forms.HiddenInput)
    was = forms.DateField(widget=forms.HiddenInput)

    def seen(self) -> GrantTerms:
        """Return what the page showed."""
        return GrantTerms(self.cleaned_data["was_role"], self.cleaned_data["was"])


class GiveAccessForm(AccessTermsForm):
    """For which providers an office gets access, in which role, and through which day."""

    field_order = ("code", "providers", "role", "last_day")

    code = forms.CharField(max_length=40, widget=forms.HiddenInput)
    providers = forms.MultipleChoiceField(
        label="Providers",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one provider."},
    )

    def __init__(self, *args: Any, code: str, providers: Sequence[Provider], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].initial = in_blocks(code)
        self.fields["providers"].choices = [  # type: ignore[attr-defined]
            (str(one.id), f"{one.name} ({one.identifier}), {one.city}") for one in providers
        ]

    def chosen(self) -> list[UUID]:
        """Return the keys of the providers."""
        return [UUID(key) for key in self.cleaned_data["providers"]]


class AssignForm(PortalForm):
    """Which people of the office work for a provider."""

    people = forms.MultipleChoiceField(
        label="People of your office",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one person."},
    )

    def __init__(self, *args: Any, people: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["people"].choices = [  # type: ignore[attr-defined]
            (str(one.id), f"{one.get_full_name()} ({one.username})") for one in people
        ]

    def chosen(self) -> list[UUID]:
        """Return the keys of the accounts."""
        return [UUID(key) for key in self.cleaned_data["people"]]


OFFICE_ROLES: Final = (
    (Role.STAFF.value, "Works for the office: for the providers to which an admin assigns them."),
    (Role.GROUP_ADMIN.value, "Administers the office: its people, its code and its access."),
)
"""One sentence for each role in an office, where it is chosen."""
