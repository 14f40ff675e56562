"""Forms of the staff pages."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms

from core.accounts.selectors import username_is_available
from core.common import clock
from core.staff.fields import OF_A_ROLE, ReachField, offer_contracts
from core.staff.models import StaffRole
from core.staff.people import Search, SearchBy
from core.staff.scope import StaffScope
from core.staff.services.appointing import Appointment, end_of_day
from core.staff.services.members import WrongReachError, check_reach
from core.ui.fields import LatinTextField, UsernameField, day_field
from core.ui.forms import PortalForm
from tenants.context import ActiveContract


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


class ReasonForm(PortalForm):
    """Why something is done; kept in the audit trail."""

    reason = forms.CharField(
        label="Reason",
        max_length=300,
        help_text="Kept in the audit trail: a ticket, what was said. No codes, no passwords.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class SearchForm(ReasonForm):
    """Whom somebody looks for, and why. `contracts` are those that the member may see."""

    by = forms.ChoiceField(
        label="Look for",
        choices=[
            (SearchBy.EMAIL.value, "E-mail address"),
            (SearchBy.USERNAME.value, "Username"),
            (SearchBy.IDENTIFIER.value, "Identifier of a provider (NPI)"),
        ],
        initial=SearchBy.EMAIL.value,
        widget=forms.RadioSelect,
    )
    value = forms.CharField(
        label="Exactly as it is",
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Enter what you look for."},
    )
    contract = ReachField(required=False, help_text="Needed for an identifier only.")

    def __init__(self, *args: Any, contracts: Sequence[ActiveContract], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["by", "value", "contract", "reason"])
        offer_contracts(self, contracts)

    def clean(self) -> dict[str, Any]:
        """Ask for the program where an identifier is looked for."""
        cleaned = dict(super().clean() or {})
        is_identifier = cleaned.get("by") == SearchBy.IDENTIFIER
        if is_identifier and not cleaned.get("contract") and "contract" not in self.errors:
            self.add_error("contract", "Select the program that the identifier belongs to.")
        return cleaned

    def search(self) -> Search:
        """Return the look-up."""
        by, contract = SearchBy(self.cleaned_data["by"]), self.cleaned_data["contract"]
        return Search(
            by=by,
            value=self.cleaned_data["value"],
            contract_id=contract if by is SearchBy.IDENTIFIER else None,
        )


class RoleForm(ReasonForm):
    """A role and where it holds, within the `scope` for which somebody appoints staff."""

    role = forms.ChoiceField(label="Role", choices=[("", "Select a role"), *StaffRole.choices])
    contract = ReachField(help_text=OF_A_ROLE)

    def __init__(self, *args: Any, scope: StaffScope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_contracts(self, scope.in_service(), everywhere=scope.everywhere)

    def clean(self) -> dict[str, Any]:
        """Say beside the place where a role cannot be held."""
        cleaned = dict(super().clean() or {})
        if "contract" in cleaned and cleaned.get("role"):
            try:
                check_reach(cleaned["role"], cleaned["contract"])
            except WrongReachError as refusal:
                self.add_error("contract", refusal.sentence)
        return cleaned


class AppointForm(RoleForm):
    """Whom somebody invites to a role."""

    email = forms.EmailField(
        max_length=254,
        label="E-mail address",
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    last_day = day_field(
        "Last day", required=False, help_text="Leave it empty for a role without an end."
    )

    field_order = ("email", "role", "contract", "last_day", "reason")

    def clean_last_day(self) -> date | None:
        """Refuse a day that is over."""
        day: date | None = self.cleaned_data["last_day"]
        if day is not None and end_of_day(day) <= clock.now():
            raise forms.ValidationError("This day is over. Choose a later one.")
        return day

    def appointment(self) -> Appointment:
        """Return what was chosen."""
        return Appointment(
            email=self.cleaned_data["email"],
            role=StaffRole(self.cleaned_data["role"]),
            contract_id=self.cleaned_data["contract"],
            last_day=self.cleaned_data["last_day"],
        )


class CloseRequestForm(PortalForm):
    """What came of a request for help."""

    outcome = forms.CharField(
        label="What came of it",
        max_length=400,
        help_text="For colleagues who look at the request later; the person does not see it.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say what came of it."},
    )
