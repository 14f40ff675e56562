"""The forms of drafts."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from django import forms

from contracts.console.drafts.merging import Conflict
from contracts.console.sections.words import field_label
from core.ui.forms import PortalForm
from tenants.configuration.loading import LARGEST_FILE
from tenants.configuration.values import RESERVED_SLUGS
from tenants.models import Contract

LONGEST_TOML: Final = 400_000
"""Characters of a text that is typed or pasted. The sample documents have about 20 000."""
FROM_CONTRACT: Final = "contract"
FROM_TOML: Final = "toml"
_STARTS: Final = (
    ("default", "The default preset: the safer rules for a new program"),
    ("documented", "The documented preset: what the guides of earlier programs print"),
    ("cms-high", "The CMS high preset: for programs that CMS holds to its high baseline"),
    (FROM_CONTRACT, "Another contract, without its terms, hosts, notices and waivers"),
    (FROM_TOML, "A TOML document"),
)


def origin_words(origin: str) -> str:
    """Return what a draft began with, for a sentence: a preset, or a revision of a contract."""
    slug, at, number = origin.partition("@")
    if at:
        return f"revision {number} of {slug}"
    name = dict(_STARTS).get(origin, "").partition(":")[0]
    return f"the {name[4:]}" if name else origin


def _toml_field(label: str, *, rows: int, required: bool, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=LONGEST_TOML,
        strip=False,
        required=required,
        help_text=help_text,
        widget=forms.Textarea(
            attrs={"rows": rows, "spellcheck": "false", "autocomplete": "off", "class": "code"}
        ),
    )


class NewContractForm(PortalForm):
    """What a new contract begins with. `contracts` are those whose documents may be copied."""

    start = forms.ChoiceField(
        label="Begin with",
        choices=_STARTS,
        initial="default",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what to begin with."},
    )
    contract = forms.ChoiceField(
        label="Contract to begin with", required=False, help_text="Only to begin with another one."
    )
    slug = forms.SlugField(
        label="Slug",
        max_length=40,
        required=False,
        help_text=(
            "The contract's address on the portal: lower-case letters, digits and single hyphens. "
            "It cannot be changed later. A TOML document names its own."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"invalid": "Use lower-case letters, digits and single hyphens."},
    )
    name = forms.CharField(
        label="Name",
        max_length=200,
        required=False,
        help_text="The name on pages and in mails. A TOML document has its own.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    file = forms.FileField(
        label="TOML file",
        required=False,
        help_text="Only to begin with a TOML document, 1 MB at most.",
        widget=forms.FileInput(attrs={"accept": ".toml,application/toml"}),
    )
    toml = _toml_field(
        "Or paste the document", rows=6, required=False, help_text="In place of a file."
    )

    def __init__(self, *args: Any, contracts: Iterable[Contract], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(one.slug, one.name) for one in contracts]
        self.fields["contract"].choices = [("", "Select a contract"), *choices]  # type: ignore[attr-defined]

    def clean_slug(self) -> str:
        """Refuse what is the address of a page of the portal."""
        slug = str(self.cleaned_data["slug"])
        if slug in RESERVED_SLUGS:
            raise forms.ValidationError("This is the address of a page of the portal.")
        return slug

    def clean_file(self) -> Any:
        """Refuse what is larger than any document."""
        file = self.cleaned_data["file"]
        if file and file.size > LARGEST_FILE:
            raise forms.ValidationError("The file is larger than 1 MB.")
        return file

    def clean(self) -> dict[str, Any]:
        """Ask for what the chosen beginning needs."""
        cleaned = dict(super().clean() or {})
        start = cleaned.get("start")
        if start == FROM_TOML:
            if not cleaned.get("file") and not cleaned.get("toml") and "file" not in self.errors:
                self.add_error("file", "Choose a file, or paste the document below.")
            return cleaned
        for field in ("slug", "name"):
            if not cleaned.get(field) and field not in self.errors:
                self.add_error(field, f"Enter the {field} of the new contract.")
        if start == FROM_CONTRACT and not cleaned.get("contract") and "contract" not in self.errors:
            self.add_error("contract", "Select the contract to begin with.")
        return cleaned

    def show_text(self, text: str) -> None:
        """Let the form, shown once more, hold a file's text in the field where it is mended."""
        self.data = {**self.data.dict(), "toml": text[:LONGEST_TOML]}  # type: ignore[attr-defined]


class TomlForm(PortalForm):
    """A draft's whole document; `version` is the one that was shown."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    toml = _toml_field("The document", rows=30, required=True)
    note = forms.CharField(
        label="Note",
        max_length=300,
        required=False,
        help_text="What this draft is for. It is offered as the reason when you publish it.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def renew_version(self, version: int) -> None:
        """Let the form, shown once more, be about what is saved by now."""
        self.data = {**self.data.dict(), "version": version}  # type: ignore[attr-defined]


class CarryOverForm(PortalForm):
    """Which value counts where draft and publication differ; `present` is the revision shown."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    present = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, conflicts: Sequence[Conflict], **kwargs: Any) -> None:
        self._fields = [one.field for one in conflicts]
        choices = {
            f"of_{place}": forms.ChoiceField(
                label=field_label(one.field),
                choices=[
                    ("draft", f"Your draft: {_value(one.draft)}"),
                    ("published", f"Published: {_value(one.published)}"),
                ],
                help_text=f"Before: {_value(one.base)}",
                widget=forms.RadioSelect,
            )
            for place, one in enumerate(conflicts)
        }
        self.base_fields = {**self.base_fields, **choices}  # type: ignore[misc]
        super().__init__(*args, **kwargs)

    def published_wins(self) -> frozenset[str]:
        """Return the fields for which the published value was chosen."""
        return frozenset(
            field
            for place, field in enumerate(self._fields)
            if self.cleaned_data[f"of_{place}"] == "published"
        )

    def renew(self, *, present: int, version: int) -> None:
        """Let the form, shown once more, be about what is published and saved by now."""
        self.data = {**self.data.dict(), "present": present, "version": version}  # type: ignore[attr-defined]


def _value(value: object) -> str:
    return "(none)" if value is None else str(value)
