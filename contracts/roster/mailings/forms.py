"""The forms by which codes, letters and reminders are asked for."""

from typing import Any
from uuid import UUID

from django import forms

from contracts.roster.entries.finding import CodeState, EntryFilter, Standing
from contracts.roster.mailings.states import FORMS, MailingAct, MailingForm
from contracts.roster.services.mailings import Asked
from core.common.ids import uuid7
from core.staff.forms import ReasonForm

_STANDINGS = [
    (Standing.OPEN.value, "Not registered"),
    (Standing.NEVER.value, "Never begun"),
    (Standing.BEGUN.value, "Begun, and not done"),
]


class _NarrowedForm(ReasonForm):
    """Which entries something is for: one, or those that a filter finds."""

    q = forms.CharField(
        label="Identifier, or how the name begins",
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    city = forms.CharField(
        label="City",
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    standing = forms.ChoiceField(label="Registration", choices=_STANDINGS, required=False)
    code = forms.ChoiceField(
        label="Codes", choices=[("", "All"), *CodeState.choices], required=False
    )

    def __init__(self, *args: Any, entry: UUID | None, has_codes: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._entry = entry
        if entry is not None:
            for name in ("q", "city", "standing", "code"):
                del self.fields[name]
        elif not has_codes:
            del self.fields["code"]

    def chosen(self) -> EntryFilter:
        """Return which entries are meant; after `is_valid`."""
        if self._entry is not None:
            return EntryFilter(entries=(str(self._entry),))
        known = self.cleaned_data
        return EntryFilter(
            q=known["q"],
            city=known["city"],
            standing=known["standing"] or Standing.OPEN,
            code=known.get("code", ""),
        )


class MailingAskForm(_NarrowedForm):
    """What is made for which entries, and how it goes out.

    `request_key` and `seen` are the page's: what it asks is done once, and not after somebody else
    did it.
    """

    form = forms.ChoiceField(label="How it goes out", widget=forms.RadioSelect)
    request_key = forms.UUIDField(widget=forms.HiddenInput)
    seen = forms.CharField(required=False, max_length=36, widget=forms.HiddenInput)
    field_order = ("q", "city", "standing", "code", "form", "reason")

    def __init__(self, *args: Any, act: MailingAct, seen: str, **kwargs: Any) -> None:
        first = {"request_key": uuid7(), "seen": seen, **(kwargs.pop("initial", None) or {})}
        super().__init__(*args, initial=first, **kwargs)
        self._act = act
        offered = [one for one in FORMS[act] if self._entry is None or one != MailingForm.SHEET]
        self.fields["form"].choices = [(one.value, one.label) for one in offered]  # type: ignore[attr-defined]

        self.initial.setdefault(
            "form", (MailingForm.LETTERS if self._entry is None else offered[0]).value
        )

    def asked(self) -> Asked:
        """Return what was asked; after `is_valid`."""
        known = self.cleaned_data
        return Asked(
            act=self._act,
            form=MailingForm(known["form"]),
            chosen=self.chosen(),
            reason=known["reason"],
            request_key=known["request_key"],
            seen=known["seen"],
        )

    def renew(self, seen: str) -> None:
        """Let the form, shown once more, be asked anew about what is there by now."""
        data = {**self.data.dict(), "seen": seen, "request_key": str(uuid7())}  # type: ignore[attr-defined]
        self.data = data


class RevokeForm(_NarrowedForm):
    """Whose codes end, and why."""

    field_order = ("q", "city", "standing", "code", "reason")
