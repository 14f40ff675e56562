"""What somebody adds to a request to join."""

from django import forms

from core.ui.forms import PortalForm


class JoinForm(PortalForm):
    """A few words for the admins, who see name and e-mail address anyway."""

    note = forms.CharField(
        label="Who you are for them",
        required=False,
        max_length=300,
        help_text=(
            "Optional: what you do at this office and who asked you to join. No patients, no codes."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
