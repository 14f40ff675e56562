"""Forms of the pages about API tokens and service accounts."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django import forms
from django.utils.html import format_html

from core.staff.api_rights import API_RIGHTS
from core.staff.fields import former_field
from core.staff.forms import RoleForm
from core.staff.models import StaffRole
from core.staff.permissions import StaffPermission
from core.staff.services.api_tokens import TokenWish
from core.staff.services.service_accounts import ServiceWish
from core.ui.forms import PortalForm
from tenants.context import ActiveContract

_LIVES: Final = {7: "7 days", 30: "30 days", 90: "90 days", 366: "One year"}


class TokenForm(PortalForm):
    """What a token is for: the rights and contracts that its holder and its maker share.

    `missing` are those of the rights that wait for elevated rights.
    """

    name = forms.CharField(
        label="Name",
        max_length=80,
        help_text="What is to use it, such as: nightly roster upload.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    rights = forms.MultipleChoiceField(
        label="What it may do",
        help_text="Only rights that you hold yourself are offered.",
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
        missing: Sequence[StaffPermission],
        contracts: Sequence[ActiveContract],
        longest: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rights"].choices = [  # type: ignore[attr-defined]
            (one.value, _words(one, is_missing=one in missing)) for one in rights
        ]
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


def _words(right: StaffPermission, *, is_missing: bool) -> str:
    """Return a right in words, with the name that the reference of the API calls it by."""
    now = " (needs elevated rights)" if is_missing else ""
    return format_html("{} <code>{}</code>{}", API_RIGHTS[right], right.value, now)


class RotateForm(PortalForm):
    """When the former token ends."""

    now = former_field(
        "The former token", later="goes on for 24 hours, so that the system can be changed over"
    )


class ServiceAccountForm(RoleForm):
    """A system that is to use the API, and the role that it works in."""

    name = forms.CharField(
        label="Name",
        max_length=80,
        help_text="The system, as colleagues call it. It stands in the audit trail as who acted.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    contact = forms.EmailField(
        max_length=254,
        label="Contact",
        help_text="The mailbox of the people who look after it.",
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    field_order = ("name", "contact", "role", "contract", "reason")

    def wish(self) -> ServiceWish:
        """Return what was chosen."""
        return ServiceWish(
            name=self.cleaned_data["name"],
            contact=self.cleaned_data["contact"],
            role=StaffRole(self.cleaned_data["role"]),
            contract_id=self.cleaned_data["contract"],
        )
