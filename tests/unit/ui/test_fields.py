"""What the fields of the forms take, and the sentences when they do not."""

import pytest
from django import forms
from django.core.exceptions import ValidationError

from core.ui.fields import (
    STATES,
    LatinTextField,
    PlainEmailField,
    UsernameField,
    UsPhoneField,
    ZipField,
    missing,
)
from tenants.configuration.values import US_STATES


@pytest.mark.parametrize(
    ("field", "typed", "kept"),
    [
        (LatinTextField(), "  Zoë   Núñez-O'Brien ", "Zoë Núñez-O'Brien"),
        (LatinTextField(), "Zoe\u0308", "Zoë"),
        (LatinTextField(), "1 Main St., Suite #4/B", "1 Main St., Suite #4/B"),
        (LatinTextField(), "Łukasz Straße", "Łukasz Straße"),
        (UsernameField(), "d.reed_01-x", "d.reed_01-x"),
        (ZipField(), "25301", "25301"),
        (ZipField(), "253011234", "25301-1234"),
        (ZipField(), "25301-1234", "25301-1234"),
        (UsPhoneField(), "(304) 555-0123", "+13045550123"),
        (UsPhoneField(required=False), "", ""),
        (PlainEmailField(), " dana@clinic.example.org ", "dana@clinic.example.org"),
    ],
)
def test_taken(field: forms.Field, typed: str, kept: str) -> None:
    assert field.clean(typed) == kept


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        (LatinTextField(label="City"), "Москва"),
        (LatinTextField(label="City"), "東京"),
        (LatinTextField(label="City"), "a🙂"),
        (LatinTextField(label="City"), "a\u202eb"),
        (LatinTextField(label="City"), "<script>"),
        (UsernameField(), "ab"),
        (UsernameField(), ".dreed"),
        (UsernameField(), "d reed"),
        (UsernameField(), "dana@clinic.org"),
        (UsernameField(), "дана"),
        (ZipField(), "2530"),
        (ZipField(), "٢٥٣٠١"),
        (UsPhoneField(), "304-555-0123 x5"),
        (UsPhoneField(), "900-555-0123"),
        (PlainEmailField(), "dana@clínic.org"),
        (PlainEmailField(), "dana@clinic"),
    ],
)
def test_refused(field: forms.Field, typed: str) -> None:
    with pytest.raises(ValidationError):
        field.clean(typed)


def test_states_are_those_of_the_configuration() -> None:
    assert {code for code, _name in STATES} == US_STATES
    names = [name for _code, name in STATES]
    assert names == sorted(names)


@pytest.mark.parametrize(
    ("label", "sentence"),
    [
        ("NPI", "Enter the NPI."),
        ("First name", "Enter the first name."),
        ("ZIP code", "Enter the ZIP code."),
        ("NPI or API", "Enter the NPI or API."),
        ("Provider registration code", "Enter the provider registration code."),
    ],
)
def test_sentences_for_empty_fields(label: str, sentence: str) -> None:
    assert missing(label) == sentence
