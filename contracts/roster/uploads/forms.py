"""The forms around a roster file."""

from typing import Any

from django import forms

from contracts.roster.uploads.files import largest_file
from core.staff.forms import ReasonForm
from core.ui.forms import PortalForm


class RosterFileForm(PortalForm):
    """A roster file."""

    file = forms.FileField(
        label="Roster file",
        help_text="CSV in UTF-8, as it is or compressed (.csv.gz). Nothing changes yet.",
        error_messages={
            "required": "Choose a file.",
            "empty": "The file is empty.",
            "missing": "Choose a file.",
        },
        widget=forms.FileInput(attrs={"accept": ".csv,.gz,text/csv,application/gzip"}),
    )

    def clean_file(self) -> Any:
        """Refuse what is larger than any roster."""
        file = self.cleaned_data["file"]
        if file.size > largest_file():
            most = largest_file() // 1_000_000
            raise forms.ValidationError(f"A roster file has {most:,} MB at most.")
        return file


class BeginForm(PortalForm):
    """What a browser says of a file before it sends it by parts."""

    name = forms.CharField(max_length=200)
    size = forms.IntegerField(min_value=1, max_value=2**53)


class ConfirmForm(ReasonForm):
    """Why a difference is swapped in; `added`, `changed`, `removed` are those that were shown.

    Where many entries leave, `removed_typed` says that somebody has read how many.
    """

    added = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    changed = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    removed = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    removed_typed = forms.CharField(
        label="How many entries leave the roster",
        max_length=12,
        required=False,
        help_text="Type the number to confirm it.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )
    field_order = ("removed_typed", "reason")

    def __init__(self, *args: Any, asks_number: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not asks_number:
            del self.fields["removed_typed"]

    def clean_removed_typed(self) -> str:
        """Compare with what was shown."""
        typed = str(self.cleaned_data["removed_typed"]).replace(",", "").strip()
        if typed != str(self.data.get("removed", "")):
            raise forms.ValidationError("Type the number of entries that leave, as shown above.")
        return typed

    def shown(self) -> tuple[int, int, int]:
        """Return the numbers that stood on the page."""
        data = self.cleaned_data
        return data["added"], data["changed"], data["removed"]
