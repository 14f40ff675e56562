"""The forms of the console."""

from django import forms

from core.staff.forms import ReasonForm


class RollBackForm(ReasonForm):
    """Why an earlier revision is published again; `base` is the present one that was shown."""

    base = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def renew_base(self, present: int | None) -> None:
        """Let the form, shown once more, be about what is published by now."""
        self.data = {**self.data.dict(), "base": present or 0}  # type: ignore[attr-defined]
