"""The forms around one entry, and the search above the list of them."""

from typing import Any, ClassVar, Final
from uuid import UUID

from django import forms

from contracts.roster.columns import COLUMNS, required_columns, text_in
from contracts.roster.entries.finding import CodeState, EntryFilter, Standing
from contracts.roster.models import RosterEntry
from contracts.roster.rows import RosterRow, allowed_types, read_row
from core.staff.forms import ReasonForm
from core.ui.forms import PortalForm
from tenants.configuration.document import (
    KnowledgeProofRule,
    ProgramIdRule,
    RegistrationSection,
)

_LABELS: Final = {
    "identifier": "Identifier",
    "identifier_type": "Kind of identifier",
    "code": "Program number",
    "name": "Name",
    "provider_type": "Provider type",
    "address_1": "Address line 1",
    "address_2": "Address line 2",
    "city": "City",
    "state": "State",
    "zip": "ZIP code",
    "phone": "Phone",
    "fax": "Fax",
    "notice_email": "E-mail address on file",
    "remittance_on": "Date of the payment",
    "remittance_amount": "Amount of the payment",
    "starts_on": "First day",
    "ends_on": "Last day",
}
_HINTS: Final = {
    "state": "Two letters, such as WV.",
    "notice_email": "Where notices and reminders of this entry go.",
    "remittance_on": "Such as 2026-02-27.",
    "starts_on": "Such as 2026-01-01. Empty: from the beginning.",
    "ends_on": "Such as 2026-12-31. Empty: without an end.",
}
_SHORT: Final = {"state": 2, "zip": 10, "phone": 20, "fax": 20, "starts_on": 10, "ends_on": 10}
_PAYMENT: Final = ("remittance_on", "remittance_amount")


def fields_of(registration: RegistrationSection) -> tuple[str, ...]:
    """Return the columns that staff write for an entry of a contract.

    Issued codes are no column here: nobody can read one, and new ones are issued.
    """
    left_out = set() if isinstance(registration.rule, ProgramIdRule) else {"code"}
    if not isinstance(registration.rule, KnowledgeProofRule):
        left_out |= set(_PAYMENT)
    return tuple(name for name in COLUMNS if name not in left_out)


def label_of(column: str) -> str:
    """Return how a page calls a column."""
    return _LABELS[column]


def texts_of(entry: RosterEntry) -> dict[str, str]:
    """Return the columns of an entry as a file has them."""
    return {name: text_in(name, getattr(entry, name)) for name in COLUMNS}


_KINDS: Final = {"npi": "NPI", "program_id": "Program number", "umpi": "UMPI", "api": "API"}


class EntryForm(PortalForm):
    """One entry. What is typed passes the very checks of an import (`contracts.roster.rows`)."""

    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    registration: ClassVar[RegistrationSection]
    typed_is_back = False
    _row: RosterRow | None = None

    @classmethod
    def of(cls, registration: RegistrationSection) -> type["EntryForm"]:
        """Return the form with the fields of a contract's roster."""
        required = required_columns(registration)
        made = {
            name: _field(name, registration, required=name in required)
            for name in fields_of(registration)
        }
        return type("EntryForm", (cls,), {**made, "registration": registration})

    def clean(self) -> dict[str, Any]:
        """Read the fields as a row of a roster; each reason against it stands at its field."""
        cleaned = dict(super().clean() or {})
        cells = {name: str(cleaned.get(name, "")) for name in fields_of(self.registration)}
        found = read_row(self.registration, 1, cells)
        if isinstance(found, RosterRow):
            self._row = found
            return cleaned
        for one in found:
            if one.column not in self.errors:
                self.add_error(one.column if one.column in self.fields else None, one.reason)
        return cleaned

    @property
    def row(self) -> RosterRow:
        """Return what was typed as it is stored; after `is_valid`."""
        assert self._row is not None  # noqa: S101 (is_valid)
        return self._row

    def renew(self, seen: str) -> None:
        """Let the form, shown once more, be about the entry as it is by now."""
        self.data = {**self.data.dict(), "seen": seen}  # type: ignore[attr-defined]


def _field(name: str, registration: RegistrationSection, *, required: bool) -> forms.Field:
    given: dict[str, Any] = {
        "label": _LABELS[name],
        "help_text": _HINTS.get(name, ""),
        "required": required,
    }
    if name == "identifier_type":
        kinds = [(kind.value, _KINDS[kind.value]) for kind in allowed_types(registration)]
        return forms.ChoiceField(choices=kinds, **given)
    widget = forms.TextInput(attrs={"autocomplete": "off"})
    return forms.CharField(max_length=_SHORT.get(name, 254), widget=widget, **given)


class TakeOffForm(ReasonForm):
    """Why one entry leaves the roster; `seen` is the version of it that was shown."""

    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def renew(self, seen: str) -> None:
        """Let the form, shown once more, be about the entry as it is by now."""
        self.data = {**self.data.dict(), "seen": seen}  # type: ignore[attr-defined]


class EntrySearchForm(PortalForm):
    """What the list of entries is narrowed to; what makes no sense narrows nothing."""

    q = forms.CharField(
        label="Identifier, or how the name begins",
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    city = forms.CharField(
        label="City",
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    standing = forms.ChoiceField(
        label="Registration", choices=[("", "All"), *Standing.choices], required=False
    )
    code = forms.ChoiceField(
        label="Codes", choices=[("", "All"), *CodeState.choices], required=False
    )
    off = forms.ChoiceField(
        label="Roster",
        choices=[("", "On the roster"), ("1", "Taken off")],
        required=False,
    )

    def __init__(self, *args: Any, has_codes: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_codes:
            del self.fields["code"]

    def chosen(self) -> EntryFilter:
        """Return what was chosen."""
        if not self.is_valid():
            return EntryFilter()
        known = self.cleaned_data
        return EntryFilter(
            q=known["q"],
            city=known["city"],
            standing=known["standing"],
            code=known.get("code", ""),
            off=known["off"] == "1",
        )


def key_of(text: str) -> UUID | None:
    """Return the key that an address names, None for what is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
