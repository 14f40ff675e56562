"""Specify your organization: identifier and registration code, or facts of a payment."""

import re
from collections.abc import Sequence
from typing import Any, Final

from django import forms

from contracts.registration.rules import InputError, ProofFacts, check_input
from core.common.identifiers import normalize, npi_is_valid
from core.ui.fields import in_sentence, missing
from core.ui.forms import PortalForm
from tenants.configuration.document import (
    KnowledgeProofRule,
    ProgramIdRule,
    RegistrationSection,
)
from tenants.context import ActiveContract

_LONGEST: Final = 100
_FACT_LABELS: Final = {
    "remittance_on": "Date of your latest remittance advice",
    "remittance_amount": "Amount of your latest remittance advice",
}
_FACT_HINTS: Final = {
    "remittance_on": "Month, day and year in numbers, such as 3/15/2026.",
    "remittance_amount": "In dollars and cents, as the remittance advice shows it.",
}

_NOT_AN_NPI: Final = (
    "Check the NPI. It has ten digits, begins with 1 or 2, and its last digit checks the others."
)
_NPI_SHAPE: Final = re.compile(r"[12][0-9]{9}")
_ALL_DIGITS: Final = re.compile(r"(?:\[0-9\]|\\d)\{([0-9]+)\}")

# On the portal host no program is known yet: any number with letters and digits may be right.
PORTAL_REGISTRATION: Final = RegistrationSection(
    before_you_start=("Have the number of your provider and its registration code ready.",),
    identifier_hint="The number under which your program knows the provider.",
    code_hint="The number or code that your program asks for.",
    code_example="K7QM-2XRT-9B",
    code_help=("Each program has its own registration code. Choose yours to see what it is.",),
    rule=ProgramIdRule(pattern="[0-9A-Z]+"),
    check_npi=False,
)


class StartForm(PortalForm):
    """What the contract asks for, with its own labels, hints and examples."""

    identifier = forms.CharField(max_length=_LONGEST)
    remittance_on = forms.CharField(max_length=_LONGEST, required=False)
    remittance_amount = forms.CharField(max_length=_LONGEST, required=False)
    code = forms.CharField(max_length=_LONGEST, required=False)

    def __init__(self, *args: Any, contract: ActiveContract | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.registration = contract.document.registration if contract else PORTAL_REGISTRATION
        self._keep_wanted_fields()
        section = self.registration
        self._describe("identifier", section.identifier_label, section.identifier_hint)
        self._example("identifier", section.identifier_example)
        if section.number_note:
            self.fields["identifier"].widget.attrs["aria-describedby"] = "number-note"
        for fact in self.facts:
            self._describe(fact, _FACT_LABELS[fact], _FACT_HINTS[fact])
        if "remittance_amount" in self.fields:
            self.fields["remittance_amount"].widget.attrs["inputmode"] = "decimal"
        if "code" in self.fields:
            self._describe("code", section.code_label, section.code_hint)
            self._example("code", section.code_example)

    @property
    def facts(self) -> Sequence[str]:
        """The facts that the contract's rule asks for; none in the other families."""
        rule = self.registration.rule
        return rule.facts if isinstance(rule, KnowledgeProofRule) else ()

    def _keep_wanted_fields(self) -> None:
        rule = self.registration.rule
        for fact in set(_FACT_LABELS) - set(self.facts):
            del self.fields[fact]
        if isinstance(rule, KnowledgeProofRule) and not rule.issued_code_fallback:
            del self.fields["code"]

    def _describe(self, name: str, label: str, hint: str) -> None:
        field = self.fields[name]
        field.label, field.help_text = label, hint
        field.widget.attrs.update(
            {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        )
        # Facts and code stand in for one another, so only together are they required.
        field.required = name == "identifier" or not self.facts
        field.error_messages["required"] = missing(label)

    def _example(self, name: str, example: str) -> None:
        self.fields[name].help_text = f"{self.fields[name].help_text} Example: {example}"

    def clean(self) -> dict[str, Any]:
        """Check the shape of what was typed; whether it is right is the service's to say."""
        cleaned = dict(super().clean() or {})
        if not self.errors:
            problems = check_input(self.registration, cleaned["identifier"], self.typed_code)
            for problem in problems:
                self.add_error(problem.field, self._sentence(problem.field, problem.error))
        return cleaned

    @property
    def typed_identifier(self) -> str:
        """The identifier as typed."""
        return str(self.cleaned_data["identifier"])

    @property
    def typed_code(self) -> str | ProofFacts:
        """The code as typed, or the facts where the rule asks for facts."""
        typed = {name: self.cleaned_data.get(name, "") for name in self.fields}
        if not self.facts:
            return str(typed["code"])
        return ProofFacts(
            remittance_on=typed.get("remittance_on", ""),
            remittance_amount=typed.get("remittance_amount", ""),
            code=typed.get("code", ""),
        )

    def note_mistyped_npi(self) -> bool:
        """Say, where nothing was found, that the identifier cannot be the NPI that it looks like.

        On the portal host any program's number may be right, so it is said afterwards only; a
        contract's page says it before. It follows from the digits alone and tells nothing.
        """
        plain = normalize(self.typed_identifier)
        if self.registration.check_npi or not _NPI_SHAPE.fullmatch(plain) or npi_is_valid(plain):
            return False
        self.add_error("identifier", _NOT_AN_NPI)
        return True

    def _sentence(self, name: str, error: InputError) -> str:
        label = str(self.fields[name].label)
        section = self.registration
        example = section.identifier_example if name == "identifier" else section.code_example
        return {
            InputError.MISSING: missing(label),
            InputError.TOO_LONG: f"{label} is too long.",
            InputError.NOT_LETTERS_AND_DIGITS: f"{label} has letters A to Z and digits only.",
            InputError.NOT_AN_NPI: _NOT_AN_NPI,
            InputError.NOT_A_CODE: _wrong_shape(label, section.rule, example),
            InputError.NOT_A_DATE: "Enter the date in numbers, such as 3/15/2026.",
            InputError.NOT_AN_AMOUNT: "Enter an amount in dollars and cents, such as 1,250.00.",
        }[error]


def _wrong_shape(label: str, rule: object, example: str) -> str:
    """Return what is wrong with a code, in digits where the program's pattern is that plain."""
    pattern = rule.pattern if isinstance(rule, ProgramIdRule) else ""
    if digits := _ALL_DIGITS.fullmatch(pattern):
        return f"Check the {in_sentence(label)}: it has {digits[1]} digits, such as {example}."
    return f"Check the {in_sentence(label)}: it should look like {example}."


class CodeRequestForm(PortalForm):
    """Ask for a new code to the address on file."""

    identifier = forms.CharField(max_length=_LONGEST)

    def __init__(self, *args: Any, contract: ActiveContract, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        section = contract.document.registration
        field = self.fields["identifier"]
        field.label = section.identifier_label
        field.help_text = section.identifier_hint
        field.error_messages["required"] = missing(section.identifier_label)
        field.widget.attrs["autocomplete"] = "off"
