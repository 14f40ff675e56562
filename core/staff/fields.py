"""Fields that several forms of staff share: where something holds, and when the former ends."""

from collections.abc import Iterable
from typing import Any, Final, Protocol, cast
from uuid import UUID

from django import forms

OF_A_ROLE: Final = (
    "A contract admin works in one program, an operator for the whole deployment; the others in "
    "one program or for all."
)
EVERYWHERE: Final = "everywhere"
"""What a form sends for the whole deployment: chosen, never what stands there by itself."""


class Named(Protocol):
    """A contract, in service or not."""

    @property
    def id(self) -> UUID:
        """Its key."""

    @property
    def name(self) -> str:
        """What people call it."""


class ReachField(forms.TypedChoiceField):
    """One contract, or the whole deployment (None). Who may choose what, the form offers."""

    def __init__(self, *, label: str = "Program", **said: Any) -> None:
        super().__init__(label=label, coerce=_reach, empty_value=None, **said)


def offer_contracts(
    form: forms.Form, contracts: Iterable[Named], *, everywhere: bool = False
) -> None:
    """Give the `contract` of a form its choices, and the whole deployment where it may be.

    Nothing is chosen at first: what holds everywhere by oversight is the costly mistake.
    """
    field = cast("ReachField", form.fields["contract"])
    word = str(field.label).lower()
    nothing = f"Select a {word}, or the whole deployment" if everywhere else f"Select a {word}"
    field.error_messages["required"] = f"{nothing}."
    field.choices = [
        ("", nothing),
        *([(EVERYWHERE, "Whole deployment")] if everywhere else []),
        *((str(one.id), one.name) for one in contracts),
    ]


def _reach(sent: str) -> UUID | None:
    return None if sent == EVERYWHERE else UUID(sent)


def former_field(label: str, *, later: str) -> forms.TypedChoiceField:
    """Ask when what is replaced ends; the answer is True for at once. `later` says what goes on."""
    return forms.TypedChoiceField(
        label=label,
        coerce=lambda value: value == "now",
        choices=[("later", later), ("now", "ends at once: somebody else may have it")],
        initial="later",
        widget=forms.RadioSelect,
    )
