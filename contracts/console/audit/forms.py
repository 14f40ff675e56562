"""Forms of the audit trail."""

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django import forms
from django.utils import timezone

from contracts.console.audit.searching import AuditSearch
from core.accounts.selectors import find_account_by_email, find_account_by_username
from core.staff.forms import ReasonForm
from core.ui.fields import day_field
from core.ui.forms import PortalForm

FIELDS: Final = ("who", "what", "since", "until", "contract", "object", "request")
_WHAT: Final = re.compile(r"[a-z_]+(\.[a-z_]+)?")


class AuditSearchForm(PortalForm):
    """What is looked for. What makes no sense is said at its field, and finds nothing."""

    who = forms.CharField(
        label="Who",
        max_length=254,
        required=False,
        help_text="The username, e-mail address or key of an account that did it, or to which it "
        "was done.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    what = forms.CharField(
        label="What",
        max_length=80,
        required=False,
        help_text="Such as sign_in or sign_in.refused.",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    since = day_field("From", required=False)
    until = day_field("To, inclusive", required=False)
    contract = forms.ChoiceField(label="Contract", required=False)
    object = forms.UUIDField(
        label="About",
        required=False,
        help_text="The key of a provider, a roster entry, a message, …",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"invalid": "Enter a key, such as one that a line below shows."},
    )
    request = forms.CharField(
        label="Request",
        max_length=64,
        required=False,
        help_text="The number that a page with an error shows.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, contracts: Iterable[tuple[UUID, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(str(key), name) for key, name in contracts]
        self.fields["contract"].choices = [("", "All"), *named]  # type: ignore[attr-defined]

    def clean_who(self) -> UUID | None:
        """Return the account that is named."""
        typed = self.cleaned_data["who"]
        if not typed:
            return None
        try:
            return UUID(typed)
        except ValueError:
            pass
        found = find_account_by_email(typed) if "@" in typed else find_account_by_username(typed)
        if found is None:
            raise forms.ValidationError("No account has this username or e-mail address.")
        return found.id

    def clean_what(self) -> str:
        """Return the type of events, in small letters."""
        typed = str(self.cleaned_data["what"]).lower()
        if typed and not _WHAT.fullmatch(typed):
            raise forms.ValidationError("Enter a noun, or a noun, a point and a verb.")
        return typed

    def clean(self) -> dict[str, Any]:
        """Refuse a time that ends before it begins."""
        known = super().clean() or self.cleaned_data
        since, until = known.get("since"), known.get("until")
        if since and until and until < since:
            self.add_error("until", "It ends before it begins.")
        return known

    def search(self) -> AuditSearch | None:
        """Return what is looked for; None when something makes no sense."""
        if not self.is_bound:
            return AuditSearch()
        if not self.is_valid():
            return None
        known = self.cleaned_data
        return AuditSearch(
            who=known["who"],
            what=known["what"],
            since=_beginning_of(known["since"]),
            until=_beginning_of(known["until"], after=timedelta(days=1)),
            contract=UUID(known["contract"]) if known["contract"] else None,
            object=known["object"],
            request=known["request"],
        )


class AuditExportForm(ReasonForm):
    """Why the events are taken along, and as what."""

    format = forms.ChoiceField(
        label="As",
        choices=[("csv", "CSV, for a spreadsheet"), ("jsonl", "JSON lines, for a program")],
        initial="csv",
        widget=forms.RadioSelect,
    )


def _beginning_of(day: date | None, *, after: timedelta = timedelta()) -> datetime | None:
    if day is None:
        return None
    try:
        return timezone.make_aware(datetime.combine(day + after, datetime.min.time()))
    except OverflowError:
        return None
