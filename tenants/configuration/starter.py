"""The document that a new contract starts from: the safer default preset, explained in comments."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from tenants.configuration.document import (
    BrandSection,
    ContractDocument,
    ContractSection,
    IssuedCodeRule,
    RegistrationSection,
    SupportContact,
    TermsParty,
    TermsVersion,
    Waiver,
)
from tenants.configuration.exporting import to_toml
from tenants.configuration.gates import weaker_than_default
from tenants.configuration.origins import laid_over
from tenants.configuration.revisions import to_json
from tenants.configuration.vectors import ANOTHER_CODE, ISSUED_CODE, TestVector, VectorEntry

STARTER_TIME_ZONE: Final = "America/New_York"
LATEST_TIME_ZONE: Final = "Pacific/Pago_Pago"
"""Where an American day begins last: terms of that day are in effect in every time zone."""

_HEADER: Final = """\
# The configuration of a new contract. Every value is written out; comments say what each is for.
# In the sections accounts, mfa, sessions and links whatever is weaker than the safer default needs
# an entry under [[waivers]] with rule, reason and until.
#
#   python manage.py contract check {file}    names file, line and field of every mistake
#   python manage.py contract plan {file}     shows what publishing it would change
#   python manage.py contract apply {file}    publishes it, and makes the contract's schema
#
# Replace the sample names, contacts and terms before you publish.

"""


_REGISTRATION: Final = RegistrationSection(
    unit="location",
    before_you_start=(
        "Have the NPI of your location ready.",
        "Have the registration code of your location ready.",
        "Choose one person to be the Provider Group Admin.",
    ),
    code_hint="Ten letters and digits from the letter that your location received.",
    code_example="K7QM-2XRT-9B",
    code_help=(
        "The registration code belongs to one location. The program sends it by letter.",
        "Without a letter, call or write to the support contact below.",
    ),
    rule=IssuedCodeRule(),
    test_vectors=(
        TestVector(
            what="NPI and issued code",
            identifier="1234567893",
            code=ISSUED_CODE,
            expect="accepted",
            entry=VectorEntry(identifier="1234567893", issued_code="valid"),
        ),
        TestVector(
            what="An issued code that has expired",
            identifier="1234567893",
            code=ISSUED_CODE,
            expect="code_expired",
            entry=VectorEntry(identifier="1234567893", issued_code="expired"),
        ),
        TestVector(
            what="A code that was never issued",
            identifier="1234567893",
            code=ANOTHER_CODE,
            expect="wrong_code",
            entry=VectorEntry(identifier="1234567893", issued_code="valid"),
        ),
    ),
)


_REASON: Final = "Replace this by why the program needs it, and who has agreed."


def starter_contract(slug: str, *, on: date) -> ContractDocument:
    """Return a valid document with sample texts for a new contract.

    `on` becomes the day on which the terms take effect. Raises pydantic's `ValidationError` for a
    slug that a contract cannot have.
    """
    return ContractDocument(
        contract=ContractSection(
            slug=slug,
            name="Sample Program",
            program="Full title of the sample program",
            state="OH",
            agency="Name of the sponsoring agency",
            time_zone=STARTER_TIME_ZONE,
        ),
        brand=BrandSection(
            organization="Sample Organization",
            product="Provider Portal",
            logo_text="Sample Organization",
            color="#0b5c8f",
            sender_name="Sample Program Provider Portal",
            sender_address="no-reply@example.org",
        ),
        support=(
            SupportContact(
                purpose="Registration and sign-in",
                phone="614-555-0100",
                email="support@example.org",
                hours="Monday to Friday, 8 a.m. to 5 p.m. Eastern",
            ),
        ),
        registration=_REGISTRATION,
        terms=(
            TermsVersion(
                version="1",
                effective_on=on,
                party=TermsParty(
                    legal_name="Sample Organization, Inc.",
                    address="100 Example Plaza, Columbus, OH",
                ),
                text=("Replace this paragraph by the terms of use of the program.",),
            ),
        ),
    )


def starter_over(slug: str, *, on: date, beneath: Mapping[str, Any]) -> ContractDocument:
    """Return the starter document with the sections of a preset or of another contract.

    It has no waivers: whoever begins the contract stands for each anew. Raises as
    `starter_contract`.
    """
    document = starter_contract(slug, on=on)
    if not beneath:
        return document
    return ContractDocument.model_validate(laid_over(to_json(document), beneath))


def starter_text(
    slug: str, *, file: str, on: date, beneath: Mapping[str, Any] | None = None
) -> str:
    """Return the starter document as commented TOML; `file` is named in the instructions.

    `beneath` are the sections that it takes from a preset or from another contract
    (`tenants.configuration.origins`). For each point in which they are weaker than the default it
    has a waiver, whose reason is to be written.
    """
    document = starter_over(slug, on=on, beneath=beneath or {})
    document = document.model_copy(update={"waivers": _waivers_for(document, on)})
    return _HEADER.format(file=file) + to_toml(document, comments="with comments")


def _waivers_for(document: ContractDocument, on: date) -> tuple[Waiver, ...]:
    rules = sorted({weakness.rule for weakness in weaker_than_default(document)})
    until = on + timedelta(days=365)
    return tuple(Waiver(rule=rule, reason=_REASON, until=until) for rule in rules)
