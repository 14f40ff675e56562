"""The small forms after the information page: terms, corrected address, Reset."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms

from contracts.registration.terms import terms_digest
from core.accounts.account_form import check_same_email
from core.groups.selectors import AdminGroup
from core.ui.fields import PlainEmailField
from core.ui.forms import PortalForm
from tenants.configuration.document import TermsVersion


class TermsForm(PortalForm):
    """The acknowledgement of one text of the terms of use: the one that the page showed.

    A publication may change the text while a person reads. The page therefore names what it shows
    by its digest, and an acceptance of anything but the present text is none: `is_outdated`.
    """

    terms_digest = forms.CharField(required=False, widget=forms.HiddenInput)
    accepted = forms.BooleanField(
        label="I have read and agree to these terms of use",
        error_messages={
            "required": "To register, read the terms of use and tick that you agree to them."
        },
    )

    def __init__(self, *args: Any, terms: TermsVersion, **kwargs: Any) -> None:
        self.present = terms_digest(terms)
        super().__init__(*args, initial={"terms_digest": self.present}, **kwargs)

    @property
    def is_outdated(self) -> bool:
        """Whether another text was shown than the one in effect now."""
        return self.is_bound and self.data.get("terms_digest") != self.present


class AdditionForm(TermsForm):
    """What confirms that a provider is added: its group, where there are several; new terms."""

    field_order = ("group", "terms_digest", "accepted")

    group = forms.ChoiceField(
        label="Which of your groups does it join?",
        help_text="The Provider Group Admins of that group manage it and its users.",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the group that the provider joins."},
    )

    def __init__(
        self,
        *args: Any,
        terms: TermsVersion,
        accepted: bool,
        groups: Sequence[AdminGroup],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, terms=terms, **kwargs)
        self.asks_terms = not accepted
        if accepted:
            del self.fields["terms_digest"], self.fields["accepted"]
        if len(groups) > 1:
            self.fields["group"].choices = [(str(one.group.id), _named(one)) for one in groups]  # type: ignore[attr-defined]
        else:
            del self.fields["group"]

    @property
    def is_outdated(self) -> bool:
        """Whether the terms are asked for, and another text was shown."""
        return self.asks_terms and super().is_outdated

    def chosen_group(self) -> UUID | None:
        """Return the key of the group; None for who has no choice."""
        chosen = self.cleaned_data.get("group")
        return UUID(chosen) if chosen else None


def _named(one: AdminGroup) -> str:
    return f"{one.group.name} ({one.providers} provider{'' if one.providers == 1 else 's'})"


class DueTermsForm(TermsForm):
    """The same at a sign-in, where the page also names the program whose terms it shows."""

    program = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, program: str, terms: TermsVersion, **kwargs: Any) -> None:
        super().__init__(*args, terms=terms, **kwargs)
        self.asked_by = program
        self.initial["program"] = program
        self.fields["accepted"].error_messages["required"] = (
            "To continue, read the terms of use and tick that you agree to them."
        )

    @property
    def is_outdated(self) -> bool:
        """Whether another text was shown, or the same one for another program."""
        return super().is_outdated or (self.is_bound and self.data.get("program") != self.asked_by)


class AddressForm(PortalForm):
    """Another address for the registration link."""

    email = PlainEmailField(
        max_length=254,
        label="Email",
        error_messages={"required": "Enter your e-mail address."},
    )
    confirm_email = PlainEmailField(
        max_length=254,
        label="Confirm email",
        error_messages={"required": "Enter your e-mail address again."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["autocomplete"] = "email"

    def clean(self) -> dict[str, Any]:
        """Compare the two addresses, without case."""
        cleaned = dict(super().clean() or {})
        check_same_email(self, cleaned)
        return cleaned


class ResetForm(PortalForm):
    """Whose registration link is to be mailed again."""

    username = forms.CharField(
        max_length=60,
        label="Username",
        help_text="The username of your account or of your registration.",
        error_messages={"required": "Enter your username."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.attrs.update(
            {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        )
