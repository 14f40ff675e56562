"""Forms of the pages of operations."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms

from core.notifications.outbox_facts import Narrowing
from core.notifications.states import Channel, OutboxState
from core.staff.forms import ReasonForm
from core.ui.forms import PortalForm


class NarrowingForm(PortalForm):
    """What the list of messages is narrowed to; what makes no sense narrows nothing."""

    state = forms.ChoiceField(
        label="State", choices=[("", "Any state"), *OutboxState.choices], required=False
    )
    channel = forms.ChoiceField(
        label="Channel", choices=[("", "Any channel"), *Channel.choices], required=False
    )
    contract = forms.ChoiceField(label="Contract", required=False)
    kind = forms.ChoiceField(label="Kind", required=False)

    def __init__(
        self,
        *args: Any,
        contracts: Iterable[tuple[UUID, str]],
        kinds: Iterable[str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        named = [(str(key), name) for key, name in contracts]
        self.fields["contract"].choices = [("", "Any contract"), *named]  # type: ignore[attr-defined]
        listed = [(kind, kind_words(kind)) for kind in kinds]
        self.fields["kind"].choices = [("", "Any kind"), *listed]  # type: ignore[attr-defined]

    def narrowing(self) -> Narrowing:
        """Return what was chosen."""
        chosen = self.cleaned_data if self.is_bound and not self.errors else {}
        contract = chosen.get("contract", "")
        return Narrowing(
            state=chosen.get("state", ""),
            channel=chosen.get("channel", ""),
            kind=chosen.get("kind", ""),
            contract_id=UUID(contract) if contract else None,
        )


class RetryManyForm(ReasonForm, NarrowingForm):
    """Why messages are tried again, and which: those that the list showed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("state", "channel", "contract", "kind"):
            self.fields[name].widget = forms.HiddenInput()


def kind_words(kind: str) -> str:
    """Return the name of a kind of message for a page."""
    return kind.replace("_", " ").capitalize()
