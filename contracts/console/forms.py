"""The forms of the console."""

from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms

from contracts.console.services.lifecycle import Wording
from core.staff.forms import ReasonForm
from core.ui.fields import day_field, missing, time_field
from core.ui.forms import PortalForm
from tenants.states import ContractState

_NOTED: Final = (ContractState.SUSPENDED, ContractState.CLOSED)


class RollBackForm(ReasonForm):
    """Why an earlier revision is published again; `base` is the present one that was shown."""

    base = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def renew_base(self, present: int | None) -> None:
        """Let the form, shown once more, be about what is published by now."""
        self.data = {**self.data.dict(), "base": present or 0}  # type: ignore[attr-defined]


class WhenForm(PortalForm):
    """Whether something is done now or at a time, which is the contract's own."""

    when = forms.ChoiceField(
        label="When",
        choices=[("now", "Now"), ("later", "At a time")],
        widget=forms.RadioSelect,
        initial="now",
    )
    due_on = day_field("Date", required=False)
    due_time = time_field("Time", required=False)

    def __init__(self, *args: Any, zone: str, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._zone, self._at = ZoneInfo(zone), at
        self.fields["due_time"].help_text = f"Time in {zone.replace('_', ' ')}."

    def clean(self) -> dict[str, Any]:
        """Ask for date and time where it is not done now; both lie ahead."""
        cleaned = dict(super().clean() or {})
        if cleaned.get("when") != "later":
            return {**cleaned, "due_at": None}
        for name in ("due_on", "due_time"):
            if name not in self.errors and cleaned.get(name) is None:
                self.add_error(name, missing(str(self.fields[name].label)))
        if self.errors:
            return cleaned
        due = self._moment(cleaned["due_on"], cleaned["due_time"])
        if due <= self._at:
            self.add_error("due_on", "This time has passed. Choose one that is still to come.")
        return {**cleaned, "due_at": due}

    def _moment(self, on: date, clock_time: time) -> datetime:
        return datetime.combine(on, clock_time, tzinfo=self._zone)


class ChangeStateForm(WhenForm, ReasonForm):
    """Why a contract's state changes, when, and what visitors are told."""

    public_note = forms.CharField(
        label="What visitors are told",
        max_length=500,
        required=False,
        help_text="Stands on the contract's page, as you write it here.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    back_on = day_field(
        "Expected back on",
        required=False,
        help_text="Visitors are told this day. Nothing happens by itself then.",
    )
    field_order = ("public_note", "back_on", "when", "due_on", "due_time", "reason")

    def __init__(self, *args: Any, to: ContractState, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if to not in _NOTED:
            del self.fields["public_note"]
        if to != ContractState.SUSPENDED:
            del self.fields["back_on"]

    def clean_back_on(self) -> date | None:
        """Refuse a day that is over."""
        day: date | None = self.cleaned_data["back_on"]
        if day and day < self._at.astimezone(self._zone).date():
            raise forms.ValidationError("This day has passed. Choose one that is still to come.")
        return day

    def wording(self) -> Wording:
        """Return what is told to whom."""
        known = self.cleaned_data
        note, back_on = known.get("public_note", ""), known.get("back_on")
        return Wording(reason=known["reason"], public_note=note, back_on=back_on)


class PublishForm(WhenForm, ReasonForm):
    """Why and when a draft is published; `base` and `version` are those that were shown."""

    base = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    field_order = ("when", "due_on", "due_time", "reason")

    def renew(self, *, base: int | None, version: int) -> None:
        """Let the form, shown once more, be about what is published and saved by now."""
        self.data = {**self.data.dict(), "base": base or 0, "version": version}  # type: ignore[attr-defined]


class DecideForm(ReasonForm):
    """Why somebody approves or declines what another one wants published."""

    decision = forms.ChoiceField(
        label="Your decision",
        choices=[("approve", "Approve: it is published"), ("decline", "Decline")],
        widget=forms.RadioSelect,
    )
    field_order = ("decision", "reason")

    def __init__(self, *args: Any, is_behind: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_behind:
            self.fields["decision"] = forms.ChoiceField(
                choices=[("decline", "Decline")], initial="decline", widget=forms.HiddenInput
            )


class DeletionForm(ReasonForm):
    """Why a contract is deleted, or why that is approved. Its slug is typed: it is meant."""

    slug = forms.CharField(
        label="Slug of the contract",
        max_length=40,
        help_text="Type it, so that no other contract is meant.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    field_order = ("slug", "reason")

    def __init__(self, *args: Any, wanted: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._wanted = wanted

    def clean_slug(self) -> str:
        """Refuse another contract's."""
        typed = str(self.cleaned_data["slug"]).strip()
        if typed != self._wanted:
            raise forms.ValidationError(f"This contract is {self._wanted}. Type that.")
        return typed
