"""The first page asks for what the program's document says, in its words."""

from pathlib import Path

import pytest

from contracts.registration.forms.start import StartForm
from contracts.registration.rules import ProofFacts
from core.common.ids import uuid7
from tenants.configuration.loading import load_contract
from tenants.context import ActiveContract

_PROGRAMS = Path("contracts/programs")


def _contract(slug: str) -> ActiveContract:
    document = load_contract(_PROGRAMS / f"{slug}.toml")
    return ActiveContract(
        id=uuid7(),
        slug=slug,
        name=document.contract.name,
        schema_name="t_x",
        revision=1,
        policy_epoch=1,
        document=document,
    )


def _form(slug: str, **typed: str) -> StartForm:
    return StartForm(typed, contract=_contract(slug))


@pytest.mark.parametrize("path", sorted(_PROGRAMS.glob("*.toml")), ids=lambda path: path.stem)
def test_labels_hints_and_examples_are_the_documents(path: Path) -> None:
    section = _contract(path.stem).document.registration
    form = _form(path.stem)
    assert form.fields["identifier"].label == section.identifier_label
    assert section.identifier_example in str(form.fields["identifier"].help_text)
    assert form.fields["code"].label == section.code_label
    assert section.code_hint in str(form.fields["code"].help_text)


def test_empty_fields_are_named() -> None:
    form = _form("wv-bh")
    assert [target for target, _message in form.error_list] == ["id_identifier", "id_code"]


@pytest.mark.parametrize(
    ("identifier", "code", "wrong"),
    [
        ("1234567893", "0012345678", set()),
        ("1234567894", "0012345678", {"identifier"}),
        ("123-456-7893", "00 1234 5678", set()),
        ("0012345678", "0012345678", set()),
        ("1234567893", "1234567893", set()),
        ("1234567893", "12", {"code"}),
        ("12345", "12", {"identifier", "code"}),
    ],
)
def test_shape_is_said_at_the_field(identifier: str, code: str, wrong: set[str]) -> None:
    assert set(_form("wv-bh", identifier=identifier, code=code).errors) == wrong


def test_facts_of_a_payment_or_a_code() -> None:
    facts = _form(
        "va-dmas", identifier="1234567893", remittance_on="3/5/2026", remittance_amount="12.50"
    )
    assert not facts.errors
    assert facts.typed_code == ProofFacts("3/5/2026", "12.50", "")
    code = _form("va-dmas", identifier="1234567893", code="K7QM-2XRT-9B")
    assert not code.errors
    neither = _form("va-dmas", identifier="1234567893")
    assert set(neither.errors) == {"remittance_on", "remittance_amount"}


def test_the_portal_host_takes_any_number() -> None:
    form = StartForm({"identifier": "A-12", "code": "9"}, contract=None)
    assert not form.errors
    assert set(form.fields) == {"identifier", "code"}
