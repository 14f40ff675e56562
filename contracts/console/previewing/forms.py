"""The form that makes a link to a preview."""

from typing import Final

from django import forms

from core.ui.forms import PortalForm

_HOURS: Final = ((4, "4 hours"), (24, "1 day"), (72, "3 days"), (168, "7 days"))


class PreviewLinkForm(PortalForm):
    """For how long a link works; a week at most."""

    hours = forms.TypedChoiceField(
        label="The link works for",
        choices=_HOURS,
        coerce=int,
        initial=24,
        help_text="You can take it back before that.",
    )
