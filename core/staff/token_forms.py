"""Forms of the pages about API tokens and service accounts."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django import forms

from core.staff.api_rights import API_RIGHTS
from core.staff.fields import OF_A_ROLE, ReachField, former_field, offer_contracts
from core.staff.forms import ReasonForm
from core.staff.models import StaffRole
from core.staff.permissions import StaffPermission
from core.staff.services.api_tokens import TokenWish
from core.staff.services.service_accounts import ServiceWish
from core.ui.forms import PortalForm
from tenants.context import ActiveContract

_LIVES: Final = {7: "7 days", 30: "30 days", 90: "90 days", 366: "One year"}


class TokenForm(PortalForm):
    """What a token is for: the rights and contracts that its holder and its maker share."""

    name = forms.CharField(
        label="Name",
        max_length=80,
        help_text="What uses it, such as: nightly roster upload.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    rights = forms.MultipleChoiceField(
        label="What it may do",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one right."},
    )
    contracts = forms.MultipleChoiceField(
        label="Programs",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Choose none for all that its holder works for, also later ones.",
    )
    days = forms.TypedChoiceField(label="Ends after", coerce=int, widget=forms.RadioSelect)

    def __init__(
        self,
        *args: Any,
        rights: Sequence[StaffPermission],
        contracts: Sequence[ActiveContract],
        longest: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rights"].choices = [(one.value, API_RIGHTS[one]) for one in rights]  # type: ignore[attr-defined]
        self.fields["contracts"].choices = [(str(one.id), one.name) for one in contracts]  # type: ignore[attr-defined]
        self.fields["days"].choices = [(d, words) for d, words in _LIVES.items() if d <= longest]  # type: ignore[attr-defined]
        self.fields["days"].initial = 30

    def wish(self) -> TokenWish:
        """Return what was chosen."""
        chosen = self.cleaned_data["contracts"]
        return TokenWish(
            name=self.cleaned_data["name"],
            permissions=tuple(StaffPermission(one) for one in self.cleaned_data["rights"]),
            contracts=tuple(UUID(one) for one in chosen) if chosen else None,
            days=self.cleaned_data["days"],
        )


class RotateForm(PortalForm):
    """When the former token ends."""

    now = former_field(
        "The former token", later="goes on for 24 hours, so that the program can be changed over"
    )


class ServiceAccountForm(ReasonForm):
    """A program that is to use the API. `contracts` are those for which one appoints staff."""

    name = forms.CharField(
        label="Name",
        max_length=80,
        help_text="The program, as colleagues call it. It stands in the audit trail as who acted.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    contact = forms.EmailField(
        max_length=254,
        label="Contact",
        help_text="The mailbox of the people who look after it.",
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    role = forms.ChoiceField(label="Role", choices=[("", "Select a role"), *StaffRole.choices])
    contract = ReachField(help_text=OF_A_ROLE)

    def __init__(
        self, *args: Any, contracts: Sequence[ActiveContract], everywhere: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["name", "contact", "role", "contract", "reason"])
        offer_contracts(self, contracts, everywhere=everywhere)

    def wish(self) -> ServiceWish:
        """Return what was chosen."""
        return ServiceWish(
            name=self.cleaned_data["name"],
            contact=self.cleaned_data["contact"],
            role=StaffRole(self.cleaned_data["role"]),
            contract_id=self.cleaned_data["contract"],
        )
