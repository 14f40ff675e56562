"""Forms of the pages of webhooks."""

from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import Any, Final
from uuid import UUID

from django import forms

from core.common import clock
from core.common.ids import uuid7
from core.staff.fields import Named, ReachField, former_field, offer_contracts
from core.staff.forms import ReasonForm
from core.ui.fields import day_field
from core.ui.forms import PortalForm
from core.webhooks.addresses import AddressRefusedError, read_address
from core.webhooks.catalogue import BATCH, BY_NAME, FAMILIES, TEST, events_of
from core.webhooks.models import WebhookEndpoint
from core.webhooks.selectors import Narrowing
from core.webhooks.services.endpoints import EndpointFacts
from core.webhooks.states import DeliveryState, EndpointKind

_FAMILIES: Final = {
    "contract": "About the contract",
    "registration": "About registrations",
    "provider": "About providers",
    "account": "About accounts",
}
EVENT_FIELDS: Final = tuple(f"events_{family}" for family in FAMILIES)


def _events_field(family: str) -> forms.MultipleChoiceField:
    choices = [(event.name, f"{event.name}: {event.tells}") for event in events_of(family)]
    return forms.MultipleChoiceField(
        label=_FAMILIES[family],
        choices=choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


class EndpointForm(PortalForm):
    """Where events go, and which. A SIEM stream chooses none: it gets everything."""

    name = forms.CharField(
        label="Name",
        max_length=80,
        help_text="What receives it, such as: eligibility system.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    address = forms.CharField(
        label="Address",
        max_length=500,
        help_text="It begins with https://. Redirects are not followed.",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    authorization = forms.CharField(
        label="Authorization header",
        required=False,
        max_length=400,
        help_text="Only where the receiver asks for one, such as: Splunk 0a1b…. Never shown again.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    events_contract = _events_field("contract")
    events_registration = _events_field("registration")
    events_provider = _events_field("provider")
    events_account = _events_field("account")

    def __init__(self, *args: Any, kind: EndpointKind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        if kind == EndpointKind.SIEM:
            for family in FAMILIES:
                del self.fields[f"events_{family}"]

    def clean_address(self) -> str:
        """Refuse an address that nothing is sent to."""
        try:
            return read_address(self.cleaned_data["address"], kind=self.kind)
        except AddressRefusedError as refusal:
            raise forms.ValidationError(refusal.sentence) from refusal

    def clean_authorization(self) -> str:
        """Refuse what cannot stand in a header."""
        typed = str(self.cleaned_data["authorization"])
        if typed and not (typed.isascii() and typed.isprintable()):
            raise forms.ValidationError("Enter plain letters, digits and signs.")
        return typed

    def clean(self) -> dict[str, Any]:
        """Ask for an event at least."""
        known = dict(super().clean() or self.cleaned_data)
        if self.kind == EndpointKind.WEBHOOK and not self._chosen(known):
            self.add_error("events_contract", "Choose at least one event, here or below.")
        return known

    def facts(self, *, keeps_authorization: bool = False) -> EndpointFacts:
        """Return what was entered. What authorizes is kept where nothing was typed, if asked."""
        typed = self.cleaned_data["authorization"]
        return EndpointFacts(
            name=self.cleaned_data["name"],
            address=self.cleaned_data["address"],
            event_types=self._chosen(self.cleaned_data),
            authorization=None if keeps_authorization and not typed else typed,
        )

    def _chosen(self, known: dict[str, Any]) -> list[str]:
        if self.kind == EndpointKind.SIEM:
            return []
        return [name for family in FAMILIES for name in known.get(f"events_{family}") or ()]


class NewEndpointForm(EndpointForm):
    """An endpoint that is not there yet. `key` is its key, so that sent twice it is made once."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    contract = ReachField(label="Contract")

    def __init__(
        self, *args: Any, contracts: Iterable[Named], everywhere: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = uuid7()
        offer_contracts(self, contracts, everywhere=everywhere)
        events = [name for name in self.fields if name.startswith("events_")]
        self.order_fields(["key", "name", "contract", "address", "authorization", *events])

    @property
    def contract_id(self) -> UUID | None:
        """The contract that was chosen; None for the whole deployment."""
        chosen: UUID | None = self.cleaned_data["contract"]
        return chosen


def facts_of(endpoint: WebhookEndpoint) -> dict[str, object]:
    """Return an endpoint as its form begins with it."""
    chosen = {
        f"events_{family}": [
            name for name in endpoint.event_types if BY_NAME[name].family == family
        ]
        for family in FAMILIES
    }
    return {"name": endpoint.name, "address": endpoint.address, **chosen}


class RotateForm(PortalForm):
    """When the former secret ends."""

    at_once = former_field(
        "The former secret",
        later="signs for 24 hours as well, so that the receiver can be changed over",
    )


class ReplayManyForm(ReasonForm):
    """From when on deliveries are sent again, and which."""

    since = day_field("From")
    which = forms.TypedChoiceField(
        label="Which",
        coerce=lambda value: value == "dead",
        choices=[("dead", "those that were given up"), ("all", "all of them")],
        initial="dead",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["since", "which", "reason"])
        self.fields["since"].help_text = "The day begins at midnight UTC. Kept are 30 days."

    def clean_since(self) -> datetime:
        """Return when the day begins; refuse one that has not."""
        begins = datetime.combine(self.cleaned_data["since"], time(), tzinfo=UTC)
        if begins > clock.now():
            raise forms.ValidationError("This day is still to come.")
        return begins


class NarrowingForm(PortalForm):
    """What the list of deliveries is narrowed to; what makes no sense narrows nothing."""

    state = forms.ChoiceField(
        label="State", choices=[("", "Any state"), *DeliveryState.choices], required=False
    )
    event = forms.ChoiceField(label="Event", required=False)

    def __init__(self, *args: Any, endpoint: WebhookEndpoint, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [BATCH] if endpoint.is_siem else [*endpoint.event_types, TEST]
        listed = [(name, name) for name in names]
        self.fields["event"].choices = [("", "Any event"), *listed]  # type: ignore[attr-defined]

    def narrowing(self) -> Narrowing:
        """Return what was chosen."""
        chosen = self.cleaned_data if self.is_bound and not self.errors else {}
        return Narrowing(state=chosen.get("state", ""), event_type=chosen.get("event", ""))
