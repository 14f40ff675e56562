"""From document to TOML and JSON and back, without loss."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tenants.configuration.diff import difference, flatten
from tenants.configuration.document import ContractDocument
from tenants.configuration.exporting import to_toml
from tenants.configuration.loading import (
    load_contract,
    load_deployment,
    parse_contract,
    parse_deployment,
)
from tenants.configuration.starter import starter_contract, starter_text
from tests.unit.configuration.documents import DEPLOYMENT, PROGRAMS, changed, sample


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_an_exported_contract_reads_back_equal(path: Path) -> None:
    document = load_contract(path)
    assert parse_contract(to_toml(document)) == document
    assert parse_contract(to_toml(document, comments="with comments")) == document
    assert ContractDocument.model_validate(document.model_dump(mode="json")) == document


def test_an_exported_deployment_reads_back_equal() -> None:
    document = load_deployment(DEPLOYMENT)
    assert parse_deployment(to_toml(document)) == document


printable = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]), min_size=1, max_size=400
).filter(lambda text: text.strip() != "")
several_lines = st.lists(printable, min_size=1, max_size=3).map("\n".join)


@settings(deadline=None)
@given(
    name=printable.map(lambda text: text[:300]).filter(str.strip),
    text=several_lines,
    paragraphs=st.lists(several_lines, min_size=1, max_size=4),
    label=printable.map(lambda text: text[:300]).filter(str.strip),
)
def test_any_text_survives_the_way_through_toml(
    name: str, text: str, paragraphs: list[str], label: str
) -> None:
    document = changed(
        sample(),
        contract__name=name,
        contract__program_text=text,
        registration__code_help=paragraphs,
        profile__registration__labels={"fax": label},
        profile__registration__fax_note=None,
    )
    assert parse_contract(to_toml(document)) == document


def test_the_starter_is_commented_and_reads_back_equal() -> None:
    on = date(2026, 11, 22)
    text = starter_text("new-one", file="new-one.toml", on=on)
    assert parse_contract(text) == starter_contract("new-one", on=on)
    assert "# Whether a person without a code can have a new one" in text
    assert "# One of: press_pound, digits_on_screen." in text


def test_a_waiver_can_be_added_at_the_end_of_the_starter() -> None:
    text = starter_text("new-one", file="new-one.toml", on=date(2026, 11, 22))
    text += '\n[[waivers]]\nrule = "mfa.attempts"\nreason = "Why."\nuntil = 2027-06-30\n'
    assert parse_contract(text).waivers[0].rule == "mfa.attempts"


@pytest.mark.parametrize("slug", ["", "a", "Abc", "a_b", "-a", "a--b", "1a", "terms", "x" * 41])
def test_a_starter_needs_a_slug_that_a_contract_can_have(slug: str) -> None:
    with pytest.raises(ValidationError, match=r"lower-case|address of a page"):
        starter_contract(slug, on=date(2026, 11, 22))


def changes(before: ContractDocument | None, after: ContractDocument) -> dict[str, Any]:
    return {change.field: (change.before, change.after) for change in difference(before, after)}


def test_equal_documents_have_no_difference() -> None:
    assert difference(sample(), sample()) == ()


def test_a_difference_names_the_field_and_both_values() -> None:
    document = sample()
    after = changed(document, accounts__lock_failures=5, contract__opens_on="2027-01-01")
    assert changes(document, after) == {
        "accounts.lock_failures": (3, 5),
        "contract.opens_on": (None, "2027-01-01"),
    }
    shown = {str(change) for change in difference(document, after)}
    assert shown == {"~ accounts.lock_failures: 3 -> 5", '+ contract.opens_on = "2027-01-01"'}
    assert {str(change) for change in difference(after, document)} == {
        "~ accounts.lock_failures: 5 -> 3",
        '- contract.opens_on = "2027-01-01"',
    }


def test_entries_of_a_list_are_told_apart_by_what_names_them() -> None:
    document = sample()
    waivers = document.model_dump(mode="json")["waivers"]
    without = changed(document, waivers=waivers[1:])
    found = changes(document, without)
    assert set(found) == {
        f"waivers[{waivers[0]['rule']}].{name}" for name in ("rule", "reason", "until")
    }
    assert changes(document, changed(document, waivers=waivers[::-1])) == {}


def test_everything_is_new_in_a_first_document() -> None:
    document = sample()
    assert set(changes(None, document)) == set(flatten(document.model_dump(mode="json")))


@settings(deadline=None)
@given(st.sampled_from(PROGRAMS), st.sampled_from(PROGRAMS))
def test_the_difference_between_two_documents_is_seen_from_both_sides(
    one: Path, other: Path
) -> None:
    forth = changes(load_contract(one), load_contract(other))
    back = changes(load_contract(other), load_contract(one))
    assert forth == {field: (after, before) for field, (before, after) in back.items()}
