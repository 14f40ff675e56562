"""The forms of Setup. What may be chosen comes from what the admin reaches."""

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from django import forms

from core.accounts.models import User
from core.groups.models import Provider, Role
from core.groups.policies import SENTENCES
from core.ui.forms import PortalForm

_CHOOSE: Final = [("", "Select One")]
_ANY: Final = [("", "Select Any")]


def role_choices(roles: Iterable[Role]) -> list[tuple[str, str]]:
    """Return roles for a select, by the names of the documents."""
    return [(role.value, role.label) for role in roles]


class SetupSearchForm(PortalForm):
    """What a list of Setup is narrowed to; what makes no sense narrows nothing."""

    q = forms.CharField(
        label="Search",
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )

    def words(self) -> list[str]:
        """Return what was typed, word by word."""
        return str(self.cleaned_data["q"]).split() if self.is_valid() else []


class RoleForm(PortalForm):
    """Another role in place of the one that the page showed."""

    was = forms.ChoiceField(choices=Role.choices, widget=forms.HiddenInput)
    role = forms.ChoiceField(label="Select role", choices=Role.choices)

    def roles(self) -> tuple[Role, Role]:
        """Return the role that the page showed, and the one that was chosen."""
        return Role(self.cleaned_data["was"]), Role(self.cleaned_data["role"])


class AddUserForm(PortalForm):
    """A user of the group who gets a role at one more provider."""

    user = forms.ChoiceField(
        label="Available users from your group",
        error_messages={"required": "Select a user of your group."},
    )
    role = forms.ChoiceField(label="Select role")

    def __init__(
        self, *args: Any, users: Sequence[User], roles: Sequence[Role], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        named = [(str(one.id), f"{one.get_full_name()} ({one.username})") for one in users]
        self.fields["user"].choices = [*_ANY, *named]  # type: ignore[attr-defined]
        self.fields["role"].choices = role_choices(roles)  # type: ignore[attr-defined]
        self.fields["role"].help_text = " ".join(_sentence(role) for role in roles)

    def chosen(self) -> tuple[UUID, Role]:
        """Return the account's key and the role."""
        return UUID(self.cleaned_data["user"]), Role(self.cleaned_data["role"])


class AddProviderForm(PortalForm):
    """One more provider for a user."""

    provider = forms.ChoiceField(
        label="Available provider groups not yet associated",
        error_messages={"required": "Select a provider."},
    )
    role = forms.ChoiceField(
        label="Provider group role", error_messages={"required": "Select the role."}
    )

    def __init__(
        self, *args: Any, providers: Sequence[Provider], roles: Sequence[Role], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        named = [(str(one.id), f"{one.name} ({one.identifier})") for one in providers]
        self.fields["provider"].choices = [*_ANY, *named]  # type: ignore[attr-defined]
        self.fields["role"].choices = [*_CHOOSE, *role_choices(roles)]  # type: ignore[attr-defined]
        self.fields["role"].help_text = " ".join(_sentence(role) for role in roles)

    def chosen(self) -> tuple[UUID, Role]:
        """Return the provider's key and the role."""
        return UUID(self.cleaned_data["provider"]), Role(self.cleaned_data["role"])


def _sentence(role: Role) -> str:
    return f"{role.label}: {SENTENCES[role.value]}"
