"""What a draft keeps of a text, however wrong the text is."""

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.console.drafts.content import canonical, from_toml, read_content, sections
from contracts.console.drafts.meanings import meaning_of
from contracts.console.templatetags.drafts_ui import worded
from tenants.configuration.document import ContractDocument
from tenants.configuration.exporting import to_toml
from tenants.configuration.loading import DocumentErrors
from tenants.configuration.raw_toml import values_to_toml
from tenants.configuration.revisions import to_json
from tests.unit.configuration.documents import PROGRAMS, sample


@pytest.mark.parametrize("slug", [path.stem for path in PROGRAMS])
def test_a_document_comes_back_as_it_was(slug: str) -> None:
    document = sample(slug)
    kept = canonical(from_toml(to_toml(document)))
    assert kept == to_json(document)
    assert read_content(kept).document == document


@pytest.mark.parametrize("slug", [path.stem for path in PROGRAMS])
def test_values_that_make_a_document_come_back_as_they_were(slug: str) -> None:
    kept = to_json(sample(slug))
    kept["profile"]["added_user"]["fax_note"] = None  # a default that is taken away
    assert canonical(from_toml(values_to_toml(kept))) == kept


_NAMES = st.text('aZ_-.[]= "\\\n\t\x01\x7f\x85é\U0001f600', max_size=4)
_PLAIN = st.none() | st.booleans() | st.integers(-9, 9) | _NAMES | st.sampled_from([0.5, -1e300])
_VALUES = st.recursive(
    _PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=6,
)


def _without_nothing(value: object) -> object:
    """TOML has no word for no value."""
    if isinstance(value, dict):
        return {key: _without_nothing(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nothing(item) for item in value if item is not None]
    return value


@given(st.dictionaries(_NAMES, _VALUES, max_size=4))
def test_whatever_was_typed_can_be_edited_further(data: dict[str, object]) -> None:
    text = values_to_toml(data)
    assert tomllib.loads(text) == _without_nothing(data)


def test_problems_name_their_section() -> None:
    document = {**to_json(sample()), "brand": {"color": "red"}, "colour": 1}
    content = read_content(document)
    assert content.document is None
    assert {one.field for one in content.problems_in("brand")} >= {"brand.color", "brand.product"}
    assert [one.field for one in content.problems_in("colour")] == ["colour"]
    assert content.problems_in("terms") == ()


def test_every_section_has_its_place() -> None:
    assert set(sections()) == set(ContractDocument.model_fields)
    assert sections()[0] == "contract"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("2026-11-23", "2026-11-23"),
        ("07:32:00", "07:32:00"),
        ("inf", "inf"),
        ("0x" + "f" * 5000, "0x" + "f" * 5000),
        ('"{{7*7}}<script>"', "{{7*7}}<script>"),
    ],
)
def test_odd_values_are_kept_as_text(value: str, kept: str) -> None:
    assert json.loads(json.dumps(from_toml(f"x = {value}")))["x"] == kept


@pytest.mark.parametrize(
    "text",
    ['x = "a\\u0000b"', "x = [" * 2000, "x = " + "[" * 90 + "]" * 90 + "\n[x", "x" * 1_000_001],
)
def test_what_cannot_be_kept_is_refused(text: str) -> None:
    with pytest.raises(DocumentErrors):
        from_toml(text)


def test_a_text_that_is_valid_toml_is_kept_whatever_it_says() -> None:
    text = 'a = 1\n[[b]]\nc = "d"\n'
    assert canonical(from_toml(text)) == tomllib.loads(text)


@pytest.mark.parametrize(
    ("field", "explained"),
    [
        ("publishing.second_person", "Whether a second person"),
        ("terms[2].effective_on", ""),
        ("registration.rule.pattern", "Regular expression"),
        ("nothing.of.the.kind", ""),
        ("terms[a.b].x", ""),
    ],
)
def test_a_changed_field_says_what_it_is_for(field: str, explained: str) -> None:
    assert meaning_of(field).startswith(explained)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("mfa.voice_confirmation", "digits_on_screen", "By typing the digits on the screen"),
        ("mfa.methods[0]", "totp", "Authenticator app"),
        ("accounts.inactivity_warn_days[1]", 55, "55 days"),
        ("accounts.lock_failures", 3, "3 failures"),
        ("registration.rule.family", "issued_code", "By a secret code that is issued for each"),
        ("registration.rule.valid_days", 90, "90 days"),
        ("registration.test_vectors[A. b].expect", "wrong_code", "Refused: wrong code"),
        ("registration.check_npi", True, "Yes"),
        ("registration.check_npi", "typed wrongly", "typed wrongly"),
        ("nothing.of.the.kind", True, "True"),
        ("support.nothing.of.the.kind", "text", "text"),
    ],
)
def test_a_changed_value_is_said_in_the_words_of_its_input(
    field: str, value: object, words: str
) -> None:
    assert worded(value, field).startswith(words)
