"""The forms of the console."""

from urllib.parse import urlencode

from django import forms

from core.staff.forms import ReasonForm
from core.ui.forms import PortalForm


class ContractSearchForm(PortalForm):
    """What the list of contracts is narrowed to; what makes no sense narrows nothing."""

    q = forms.CharField(
        label="Find a contract",
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )

    def words(self) -> list[str]:
        """Return what was typed, word by word."""
        return str(self.cleaned_data["q"]).split() if self.is_valid() else []

    def query(self) -> str:
        """Return what the addresses of further pages keep."""
        words = " ".join(self.words())
        return f"{urlencode({'q': words})}&" if words else ""


class RollBackForm(ReasonForm):
    """Why an earlier revision is published again; `base` is the present one that was shown."""

    base = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def renew_base(self, present: int | None) -> None:
        """Let the form, shown once more, be about what is published by now."""
        self.data = {**self.data.dict(), "base": present or 0}  # type: ignore[attr-defined]
