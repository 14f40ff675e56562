"""Sections as forms: nothing of a document is lost on the way through, nothing is forgotten."""

import copy
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pytest
from django import forms
from django.template.loader import render_to_string
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from contracts.console.drafts.content import sections
from contracts.console.sections.checking import check
from contracts.console.sections.forms import SectionForm
from contracts.console.sections.inputs import field_of
from contracts.console.sections.nodes import Leaf, Node, OneOf, Rows, Table, Typed
from contracts.console.sections.reading import section_node
from contracts.console.sections.rows import act_on_rows
from contracts.console.sections.words import help_of, label_of
from tenants.configuration.document import ContractDocument
from tenants.configuration.loading import load_contract
from tenants.configuration.revisions import to_json
from tests.unit.configuration.documents import PROGRAMS, sample

SECTIONS = sections()
ODD = [
    "x" * 10_000,
    "a\x00b",
    "a\x1bb\u202e",
    "{{7*7}}{% load x %}",
    "<script>alert(1)</script>",
    "javascript:alert(1)",
    "red;} body{display:none",
    "a@b.example\r\nBcc: c@d.example",
    "-1",
    "99999999999999999999",
    "NaN",
]


def typed_of(name: str, value: Any) -> dict[str, list[str]]:
    """Return what the form of a section posts when nobody changes anything."""
    node = section_node(name)
    typed = dict(node.typed(value, name))
    return sent(
        typed, {at: field_of(one, typed.get(at, ())) for at, one in node.inputs(typed, name)}
    )


def sent(typed: Typed, fields: Mapping[str, forms.Field]) -> dict[str, list[str]]:
    """Return what a browser sends of the inputs of a form."""
    posted: dict[str, list[str]] = {}
    for at, field in fields.items():
        given = typed.get(at, [])
        offered = [value for value, _ in getattr(field, "choices", ())]
        ticked = [value for value in offered if value in given]
        # A browser sends lines with both characters, and boxes from the top of the page.
        lines = ticked if offered else [text.replace("\n", "\r\n") for text in given]
        if lines:
            posted[at] = lines
    return posted


def leaves(node: Node) -> Iterator[Node]:
    yield node
    match node:
        case Table(parts=parts):
            for part in parts.values():
                yield from leaves(part)
        case Rows(item=item):
            yield from leaves(item)
        case OneOf(tables=tables):
            yield from leaves(node.tag)
            for table in tables.values():
                yield from leaves(table)


def model_fields(model: type[BaseModel], path: str = "") -> Iterator[str]:
    """Return the path of each field below a model, found by another way than the forms are."""
    schema = model.model_json_schema()
    for name, definition in schema["properties"].items():
        yield from schema_fields(definition, f"{path}{name}", schema["$defs"])


def schema_fields(part: dict[str, Any], path: str, known: dict[str, Any]) -> Iterator[str]:
    inside = [part.get("items", {}), *part.get("anyOf", []), *part.get("oneOf", [])]
    for one in (part, *inside):
        found = known.get(str(one.get("$ref", "")).rpartition("/")[2], one)
        for name, definition in found.get("properties", {}).items():
            yield from schema_fields(definition, f"{path}.{name}", known)
        for key in found.get("propertyNames", {}).get("enum", []):
            yield f"{path}.{key}"
    yield path


def test_every_field_of_the_document_is_typed_and_explained() -> None:
    typed = {one.about.path: one for name in SECTIONS for one in leaves(section_node(name))}
    assert set(typed) == set(model_fields(ContractDocument))
    for path, node in typed.items():
        assert label_of(node.about), path
        if ".labels." not in path:
            assert help_of(node.about), path


@pytest.mark.parametrize("name", SECTIONS)
@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_section_comes_back_as_it_was(path: Any, name: str) -> None:
    value = to_json(load_contract(path))[name]
    typed = dict(section_node(name).typed(value, name))
    form = SectionForm(name, typed)
    posted = sent(typed, {bound.html_name: bound.field for bound in form})
    assert posted == typed_of(name, value)
    checked = check(name, posted)
    assert (checked.value, checked.problems) == (value, ())


line = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]), min_size=1, max_size=60
).filter(str.strip)
lines = st.lists(line, min_size=1, max_size=3).map("\n".join)


def subset(*names: str, least: int = 0) -> st.SearchStrategy[list[str]]:
    return st.permutations(names).flatmap(
        lambda order: st.integers(least, len(names)).map(lambda count: order[:count])
    )


days = st.dates(date(1990, 1, 1), date(2200, 1, 1)).map(str)
moments = days.map(lambda day: f"{day}T08:30:15-05:00")
rules = st.one_of(
    st.fixed_dictionaries({"family": st.just("program_id"), "pattern": st.just("[A-Z]{2}\\d+")}),
    st.fixed_dictionaries(
        {"family": st.just("issued_code"), "length": st.integers(8, 32)},
    ),
    st.fixed_dictionaries(
        {
            "family": st.just("knowledge_proof"),
            "facts": subset("remittance_on", "remittance_amount", least=1),
            "issued_code_fallback": st.booleans(),
        }
    ),
)
contacts = st.fixed_dictionaries(
    {"purpose": line, "phone": st.just("304-555-0100")},
    optional={"organization": line, "postal_address": lines, "email": st.just("a@b.example")},
)
people_forms = st.fixed_dictionaries(
    {"required": subset("address_1", "city", "phone", "fax")},
    optional={
        "labels": st.dictionaries(st.sampled_from(["fax", "zip"]), line),
        "fax_note": lines | st.none(),
    },
)
waivers = st.fixed_dictionaries({"rule": line, "reason": lines, "until": days})
REPLACED: dict[str, st.SearchStrategy[Any]] = {
    "support": st.lists(contacts, min_size=1, max_size=4),
    "registration.rule": rules,
    "registration.before_you_start": st.lists(lines, min_size=1, max_size=4),
    "registration.code_help": st.lists(lines, min_size=1, max_size=4),
    "registration.identifier_types": subset("npi", "program_id", "umpi", "api", least=1),
    "registration.provider_types": st.lists(line, max_size=4),
    "registration.number_note": lines | st.none(),
    "profile.registration": people_forms,
    "profile.added_user": people_forms,
    "accounts.inactivity_warn_days": st.lists(st.integers(1, 6), max_size=4),
    "accounts.lock_window_minutes": st.integers(1, 10_080) | st.none(),
    "accounts.lock_hold_minutes": st.integers(1, 10_080) | st.none(),
    "accounts.password_classes": subset("upper", "lower", "digit", "special"),
    "mfa.methods": subset("phone", "email", "totp", "passkey", least=1),
    "groups.access_review_days": st.integers(30, 730) | st.none(),
    "groups.third_parties": st.booleans(),
    "contract.opens_on": days | st.none(),
    "contract.program_text": lines,
    "waivers": st.lists(waivers, max_size=4),
    "channels.monthly_budget_dollars": st.fixed_dictionaries(
        {}, optional={"sms": st.integers(0, 10_000_000) | st.none()}
    ),
    "notices": st.lists(
        st.tuples(lines, moments).map(
            lambda one: {"text": one[0], "from_at": one[1], "until_at": "2300-01-01T00:00Z"}
        ),
        max_size=2,
    ),
}


@st.composite
def documents(draw: st.DrawFn) -> ContractDocument:
    """Return a valid document in which some fields are drawn."""
    data = to_json(sample(draw(st.sampled_from([path.stem for path in PROGRAMS]))))
    data["registration"] |= {
        "without_npi": "refuse",
        "without_code": "refuse",
        "code_to_address_on_file": False,
    }
    data["groups"] |= {"access_review_unconfirmed": "keep"}
    for field in draw(st.sets(st.sampled_from(sorted(REPLACED)), min_size=1, max_size=6)):
        *tables, last = field.split(".")
        target = data
        for table in tables:
            target = target[table]
        target[last] = draw(REPLACED[field])
    return ContractDocument.model_validate(data)


@settings(deadline=None, max_examples=60)
@given(documents())
def test_any_document_comes_back_as_it_was(document: ContractDocument) -> None:
    value = to_json(document)
    back = {name: check(name, typed_of(name, value[name])) for name in SECTIONS}
    assert {name: one.value for name, one in back.items()} == value
    assert (
        ContractDocument.model_validate({name: one.value for name, one in back.items()}) == document
    )


@settings(deadline=None, max_examples=120)
@given(st.data())
def test_whatever_is_typed_is_told_at_an_input_that_there_is(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(SECTIONS))
    typed = typed_of(name, to_json(sample())[name])
    inputs = sorted(dict(section_node(name).inputs(typed, name)))
    assume(inputs)
    for at in data.draw(st.sets(st.sampled_from(inputs), min_size=1, max_size=5)):
        typed[at] = data.draw(st.lists(st.sampled_from([*ODD, "", " "]) | st.text(), max_size=2))
    problems = check(name, typed).problems
    form = SectionForm(name, typed, problems)
    assert {at for at, _ in problems} <= set(form.fields)
    assert len(form.error_list) == len(problems)
    assert all(said and place for place, said in form.error_list)
    assert render_to_string("console/sections/parts/part.html", {"part": form.part})


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", [name for name in SECTIONS if name != "modules"])
def test_odd_text_is_refused_at_its_field_or_kept_as_text(name: str, odd: str) -> None:
    value = to_json(sample())[name]
    typed = typed_of(name, value)
    inputs = section_node(name).inputs(typed, name)
    # One row of a list stands for the others.
    texts = {re.sub(r"[0-9]+", "#", at): at for at, one in inputs if isinstance(one, Leaf)}
    for at in texts.values():
        checked = check(name, {**typed, at: [odd]})
        if not checked.problems:
            assert "\x00" not in str(checked.value)
            assert check(name, typed_of(name, checked.value)).value == checked.value


def test_sentences_are_those_of_the_command_line() -> None:
    value = to_json(sample())["hosts"] | {"aliases": ["fine.example.org", "not a host"]}
    problems = check("hosts", typed_of("hosts", value)).problems
    sentence = "A host is a full domain name without scheme, port or path, as portal.example.org."
    assert problems[0] == ("hosts-aliases", f"not a host: {sentence}")


def test_what_a_sentence_names_is_where_it_is_told() -> None:
    value = to_json(sample())
    accounts = value["accounts"] | {"inactivity_warn_days": [90]}
    [(at, said)] = check("accounts", typed_of("accounts", accounts)).problems
    assert at == "accounts-inactivity_warn_days"
    assert said == "“Warn of that after” must all be smaller than “Close unused accounts after”."
    terms = [*value["terms"], copy.deepcopy(value["terms"][0])]
    [(at, said)] = check("terms", typed_of("terms", terms)).problems
    assert (at, said) == ("terms", "Two versions of the terms have the same version name.")
    support = [{"purpose": "Nothing to reach"}]
    [(at, _)] = check("support", typed_of("support", support)).problems
    assert at == "support-0-phone"


def test_an_error_in_a_list_names_its_row() -> None:
    value = to_json(sample("va-dmas"))["support"]
    value[1]["phone"] = "call us"
    typed = typed_of("support", value)
    form = SectionForm("support", typed, check("support", typed).problems)
    assert form.error_list[0][0] == "id_support-1-phone"
    assert form.error_list[0][1].startswith("Contact 2, Phone: A phone number is written")


@given(st.lists(st.sampled_from(["add", "up", "down", "remove"]), max_size=12), st.randoms())
def test_rows_move_and_lose_nothing(acts: list[str], random: Any) -> None:
    value = to_json(sample())["support"]
    typed: Any = {**typed_of("support", value), "support-0-purpose": ["  half typed"]}
    expected = [*dict.fromkeys(typed["support"])]
    for act in acts:
        row = random.choice([*expected, "9999"])
        typed = act_on_rows("support", typed, f"{act} support {row}")
        if act == "add":
            expected.append(str(max((int(one) for one in expected), default=-1) + 1))
        elif row in expected:
            place = expected.index(row)
            expected.pop(place)
            if act != "remove":
                expected.insert(max(0, place + (1 if act == "down" else -1)), row)
        assert list(typed["support"]) == expected
    if "0" in expected and "add" not in acts:
        assert typed["support-0-purpose"] == ["  half typed"]


def test_a_family_that_is_chosen_anew_has_its_own_fields() -> None:
    value = to_json(sample())["registration"]
    typed: Any = typed_of("registration", value)
    typed["registration-rule-family"] = ["issued_code"]
    typed["registration-rule-issued_code-length"] = ["9"]
    checked = check("registration", typed)
    assert checked.value["rule"] == {
        "family": "issued_code",
        "length": 9,
        "valid_days": 90,
        "max_uses": 1,
    }
    typed["registration-rule-issued_code-length"] = ["3"]
    assert check("registration", typed).problems == (
        ("registration-rule-issued_code-length", "This must be at least 8."),
    )
