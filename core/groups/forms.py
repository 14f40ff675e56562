"""The forms of Setup. What may be chosen comes from what the admin reaches."""

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from django import forms

from core.accounts.account_form import AccountForm, check_same_email
from core.accounts.models import User
from core.groups.activity.events import ActivityKind
from core.groups.models import Provider
from core.groups.roles import STAFF, RoleTerms
from core.groups.services.invitations import Invitee
from core.ui.fields import PlainEmailField
from core.ui.forms import PortalForm

_CHOOSE: Final = [("", "Select One")]
_ANY: Final = [("", "Select Any")]
_MOST_BYTES: Final = 2_000_000


def role_choices(roles: Iterable[RoleTerms]) -> list[tuple[str, str]]:
    """Return roles for a select, by the names of the documents."""
    return [(role.key, role.name) for role in roles]


def role_sentences(roles: Iterable[RoleTerms]) -> list[tuple[str, str]]:
    """Return roles for radio buttons, each with what it means."""
    return [(role.key, _sentence(role)) for role in roles]


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


class ActivityForm(SetupSearchForm):
    """What Activity is narrowed to: a person and a kind of event."""

    kind = forms.ChoiceField(
        label="What", choices=[("", "Everything"), *ActivityKind.choices], required=False
    )

    def chosen(self) -> ActivityKind | None:
        """Return the kind; what makes no sense narrows nothing."""
        value = self.cleaned_data.get("kind") if self.is_bound and not self.errors else ""
        return ActivityKind(value) if value else None


class RoleForm(PortalForm):
    """Another role in place of the one that the page showed."""

    was = forms.CharField(max_length=20, widget=forms.HiddenInput)
    role = forms.ChoiceField(label="Select role")

    def __init__(self, *args: Any, choices: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = choices  # type: ignore[attr-defined]

    def roles(self) -> tuple[str, str]:
        """Return the role that the page showed, and the one that was chosen."""
        return self.cleaned_data["was"], self.cleaned_data["role"]


class AddUserForm(PortalForm):
    """A user of the group who gets a role at one more provider."""

    user = forms.ChoiceField(
        label="Available users from your group",
        error_messages={"required": "Select a user of your group."},
    )
    role = forms.ChoiceField(label="Select role")

    def __init__(
        self, *args: Any, users: Sequence[User], roles: Sequence[RoleTerms], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        named = [(str(one.id), f"{one.get_full_name()} ({one.username})") for one in users]
        self.fields["user"].choices = [*_ANY, *named]  # type: ignore[attr-defined]
        self.fields["role"].choices = role_choices(roles)  # type: ignore[attr-defined]
        self.fields["role"].help_text = " ".join(_sentence(role) for role in roles)

    def chosen(self) -> tuple[UUID, str]:
        """Return the account's key and the role."""
        return UUID(self.cleaned_data["user"]), self.cleaned_data["role"]


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
        self, *args: Any, providers: Sequence[Provider], roles: Sequence[RoleTerms], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        named = [(str(one.id), f"{one.name} ({one.identifier})") for one in providers]
        self.fields["provider"].choices = [*_ANY, *named]  # type: ignore[attr-defined]
        self.fields["role"].choices = [*_CHOOSE, *role_choices(roles)]  # type: ignore[attr-defined]
        self.fields["role"].help_text = " ".join(_sentence(role) for role in roles)

    def chosen(self) -> tuple[UUID, str]:
        """Return the provider's key and the role."""
        return UUID(self.cleaned_data["provider"]), self.cleaned_data["role"]


class MoveForm(PortalForm):
    """The provider to which a user moves, and the role that the page showed."""

    was = forms.CharField(max_length=20, widget=forms.HiddenInput)
    provider = forms.ChoiceField(
        label="Move to", error_messages={"required": "Select the provider to move to."}
    )

    def __init__(self, *args: Any, providers: Sequence[Provider], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(str(one.id), f"{one.name} ({one.identifier})") for one in providers]
        self.fields["provider"].choices = [*_CHOOSE, *named]  # type: ignore[attr-defined]

    def chosen(self) -> tuple[str, UUID]:
        """Return the role that the page showed, and the provider's key."""
        return self.cleaned_data["was"], UUID(self.cleaned_data["provider"])


class NewUserForm(AccountForm):
    """Add New User: who they are, and for which of the admin's providers in which role."""

    role = forms.ChoiceField(label="Role", initial=STAFF.key, widget=forms.RadioSelect)
    also_at = forms.MultipleChoiceField(
        label="Further providers",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Where the new user works as well, in the same role.",
    )

    def __init__(
        self, *args: Any, roles: Sequence[RoleTerms], others: Sequence[Provider], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.roles, self.others = roles, others
        self.fields["role"].choices = role_sentences(roles)  # type: ignore[attr-defined]
        self.fields["also_at"].choices = [  # type: ignore[attr-defined]
            (str(one.id), f"{one.name} ({one.identifier}), {one.city}") for one in others
        ]
        self.fields["email"].help_text = "Their own work address. The invitation goes there."
        self.fields["email"].error_messages["required"] = "Enter their e-mail address."
        self.fields["confirm_email"].error_messages["required"] = "Enter their address again."
        # What a browser knows of the admin is not what the new user's form wants.
        for name in ("username", "email", "confirm_email"):
            self.fields[name].widget.attrs["autocomplete"] = "off"

    def invitee(self) -> Invitee:
        """Return what was entered about the person."""
        known = self.information()
        return Invitee(
            username=known["username"],
            email=known["email"],
            first_name=known["first_name"],
            last_name=known["last_name"],
            phone=known["phone"],
            fax=known["fax"],
            address_1=known["address_1"],
            address_2=known["address_2"],
            city=known["city"],
            state=known["us_state"],
            zip=known["zip"],
        )

    def chosen(self) -> tuple[list[UUID], str]:
        """Return the keys of the further providers, and the role."""
        return [UUID(key) for key in self.cleaned_data["also_at"]], self.cleaned_data["role"]


class BatchForm(PortalForm):
    """A file of new users."""

    file = forms.FileField(
        label="File of new users",
        help_text="CSV in UTF-8, 5,000 rows and 2 MB at most. Nobody is invited before you say so.",
        error_messages={
            "required": "Choose a file.",
            "empty": "The file is empty.",
            "missing": "Choose a file.",
        },
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )

    def clean_file(self) -> Any:
        """Refuse what is larger than any file of that many rows."""
        file = self.cleaned_data["file"]
        if file.size > _MOST_BYTES:
            raise forms.ValidationError("The file is larger than 2 MB. Split it.")
        return file


class ApproveJoinForm(PortalForm):
    """The role with which a request to join is approved."""

    role = forms.ChoiceField(label="Role", initial=STAFF.key, widget=forms.RadioSelect)

    def __init__(self, *args: Any, roles: Sequence[RoleTerms], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = role_sentences(roles)  # type: ignore[attr-defined]

    def chosen(self) -> str:
        """Return the role."""
        return str(self.cleaned_data["role"])


class RecoveryForm(PortalForm):
    """Why somebody shall be Provider Group Admin; `asked` are the contract's words."""

    evidence = forms.CharField(
        label="What happened, and how it can be checked",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": "Write what happened, and how it can be checked."},
    )

    def __init__(self, *args: Any, asked: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["evidence"].help_text = f"{asked} No patients, no passwords."


class ObjectForm(PortalForm):
    """Why a present admin objects."""

    reason = forms.CharField(
        label="Reason",
        max_length=300,
        help_text="Whoever asked reads these words, and so does the staff of the program.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class RefuseJoinForm(PortalForm):
    """Why a request to join is refused."""

    reason = forms.CharField(
        label="Reason",
        max_length=300,
        help_text="Whoever asked reads these words. They do not read the name of the provider.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class InvitationAddressForm(PortalForm):
    """Another address for an open invitation."""

    was = forms.CharField(max_length=254, widget=forms.HiddenInput)
    email = PlainEmailField(
        max_length=254,
        label="Email",
        help_text="Their own work address. A new link goes there.",
        error_messages={"required": "Enter their e-mail address."},
    )
    confirm_email = PlainEmailField(
        max_length=254,
        label="Confirm email",
        error_messages={"required": "Enter their address again."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("email", "confirm_email"):
            self.fields[name].widget.attrs["autocomplete"] = "off"

    def clean(self) -> dict[str, Any]:
        """Compare the two addresses, and with the one that the invitation has; without case."""
        cleaned = dict(super().clean() or {})
        check_same_email(self, cleaned)
        if cleaned.get("email", "").lower() == cleaned.get("was", "").lower():
            self.add_error("email", "The invitation goes to this address already.")
        return cleaned


def _sentence(role: RoleTerms) -> str:
    return f"{role.name}: {role.sentence}"
