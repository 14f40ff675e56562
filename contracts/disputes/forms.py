"""What somebody says who finds their identifier registered, and which provider staff release."""

from collections.abc import Sequence
from typing import Any

from django import forms

from contracts.disputes.facts import DisputeFacts
from contracts.roster.identifiers import Target, find_target
from core.groups.models import Provider
from core.staff.forms import ReasonForm
from core.ui.fields import PlainEmailField
from core.ui.forms import PortalForm


class DisputeForm(PortalForm):
    """Who one is, how one is reached, the number, and what happened."""

    name = forms.CharField(
        label="Your name",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Enter your name"},
    )
    email = PlainEmailField(
        label="Your e-mail address",
        max_length=254,
        help_text="The decision goes there.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"required": "Enter your e-mail address"},
    )
    phone = forms.CharField(
        label="Your phone number",
        max_length=40,
        help_text="We may call, to make sure that it is you.",
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
        error_messages={"required": "Enter your phone number"},
    )
    organization = forms.CharField(
        label="Your provider and its address",
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
        error_messages={"required": "Enter your provider and its address"},
    )
    identifier = forms.CharField(
        label="The number that you cannot register",
        max_length=64,
        help_text="The NPI, or the number by which the program knows your provider.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Enter the number that you cannot register"},
    )
    story = forms.CharField(
        label="What happened",
        max_length=2000,
        help_text=(
            "Why you think that somebody else has registered your number, and how we can check "
            "that it is yours. No registration codes, and nothing about patients."
        ),
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": "Say what happened"},
    )

    def facts(self) -> DisputeFacts:
        """Return what was typed; call it on a valid form."""
        return DisputeFacts(**{name: self.cleaned_data[name] for name in self.fields})


class DecisionForm(ReasonForm):
    """Why, which of the providers that hold the identifier it is about, and where it would go."""

    provider = forms.ChoiceField(
        label="Which one is it about?",
        required=False,
        widget=forms.RadioSelect,
    )
    other = forms.CharField(
        label="To move it: the identifier of a provider of the other group",
        max_length=64,
        required=False,
        help_text=(
            "Where whoever sent the report is registered already, with another provider. Leave it "
            "empty to release the number."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(
        self, *args: Any, providers: Sequence[Provider], may_move: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["provider", "other", "reason"])
        self._providers = {str(one.id): one for one in providers}
        if not may_move:
            del self.fields["other"]
        self.fields["provider"].choices = [  # type: ignore[attr-defined]
            (str(one.id), f"{one.name}, {one.address_1}, {one.city}") for one in providers
        ]
        if len(providers) == 1:
            self.initial.setdefault("provider", str(providers[0].id))
        if not providers:
            del self.fields["provider"]

    def target(self) -> Target | None:
        """Return the group to move to, or None with what is wrong at the field."""
        provider = self._providers.get(self.cleaned_data.get("provider", ""))
        try:
            return find_target(self.cleaned_data.get("other", ""), provider) if provider else None
        except forms.ValidationError as error:
            self.add_error("other", error)
        return None
