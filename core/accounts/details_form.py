"""The form of name, address, phone and fax, for the owner and for an admin of theirs."""

from django import forms
from django.http import HttpRequest

from core.accounts.contact_form import ContactForm
from core.accounts.models import User
from core.accounts.selectors import get_account
from core.accounts.services.details import DETAILS, details_version
from core.accounts.typed_forms import Choice, fields_named


def _field_of(name: str) -> str:
    return "us_state" if name == "state" else name


class DetailsForm(ContactForm):
    """The fields, and which state of them the page showed."""

    seen = forms.CharField(max_length=32, required=False, widget=forms.HiddenInput)

    def details(self) -> dict[str, str]:
        """Return the values by their names in the account."""
        return {name: str(self.cleaned_data[_field_of(name)]) for name in DETAILS}


def kept_details() -> Choice:
    """Return what of the form outlives a session (`keeps_typed`)."""
    return fields_named("seen", *map(_field_of, DETAILS))


def initial_details(user: User) -> dict[str, str]:
    """Return what the page shows at first."""
    values = {_field_of(name): getattr(user, name) for name in DETAILS}
    return {**values, "seen": details_version(user)}


def show_stored(request: HttpRequest, form: DetailsForm, user: User) -> list[tuple[str, str]]:
    """Return what is stored by now beside what was typed; the next save is about the former."""
    stored = get_account(user.id)
    form.data = {**request.POST.dict(), "seen": details_version(stored)}
    return [
        (str(form.fields[_field_of(name)].label), getattr(stored, name) or "nothing")
        for name, typed in form.details().items()
        if getattr(stored, name) != typed
    ]
