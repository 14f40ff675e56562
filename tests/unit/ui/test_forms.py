"""What a field looks like to a browser and to a screen reader."""

from html.parser import HTMLParser

import pytest
from django import forms
from django.forms.renderers import TemplatesSetting
from django.utils.safestring import SafeString, mark_safe

from core.ui.forms import _SINGLE_INPUTS, PortalForm, PortalFormRenderer


class Sample(PortalForm):
    number = forms.CharField(label="NPI", help_text="Ten digits.", max_length=20)
    fax = forms.CharField(label="Fax", required=False)
    agree = forms.BooleanField(label="I agree")


class Choices(PortalForm):
    first_name = forms.CharField(label="First name", max_length=80)
    zip = forms.CharField(label="ZIP code", max_length=10)
    place = forms.ChoiceField(label="State", choices=[("", "Select State"), ("OH", "Ohio")])
    kind = forms.ChoiceField(
        label="How?", choices=[("phone", "Phone"), ("email", "Email")], widget=forms.RadioSelect
    )
    agree = forms.BooleanField(label="I agree")


class Tags(HTMLParser):
    """Collects the attributes of each element by its id."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.by_id: dict[str, dict[str, str | None]] = {}
        self.labels: list[str | None] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if "id" in found:
            self.by_id[str(found["id"])] = found
        if tag == "label":
            self.labels.append(found.get("for"))


def test_a_field_is_tied_to_its_label_and_hint() -> None:
    tags = Tags(str(Sample()))
    assert "id_number" in tags.labels
    assert tags.by_id["id_number"]["aria-describedby"] == "id_number_helptext"
    assert "id_number_helptext" in tags.by_id


def test_required_is_said_to_screen_readers_and_not_left_to_the_browser() -> None:
    tags = Tags(str(Sample()))
    assert tags.by_id["id_number"]["aria-required"] == "true"
    assert "required" not in tags.by_id["id_number"]
    assert "aria-required" not in tags.by_id["id_fax"]


def test_an_error_is_tied_to_its_field_and_marks_it() -> None:
    form = Sample({"number": "", "agree": ""})
    assert not form.is_valid()
    tags = Tags(str(form))
    assert tags.by_id["id_number"]["aria-invalid"] == "true"
    assert tags.by_id["id_number"]["aria-describedby"] == "id_number_helptext id_number_error"
    assert "ds-c-field--error" in str(tags.by_id["id_number"]["class"])
    assert "aria-invalid" not in tags.by_id["id_fax"]


def test_the_summary_lists_errors_in_the_order_of_the_page() -> None:
    form = Sample({})
    assert [target for target, _ in form.error_list] == ["id_number", "id_agree"]


@pytest.mark.parametrize("text", ["12\x003", "a\x1bb", "x" * 10_240])
def test_odd_input_gets_a_message_and_is_kept(text: str) -> None:
    form = Sample({"number": "1", "fax": text, "agree": "on"})
    assert not form.is_valid()
    assert list(form.errors) == ["fax"]
    assert form["fax"].value() == text


def test_a_nul_and_an_over_long_value_are_refused_with_one_message() -> None:
    for text in ("1\x00", "9" * 10_240):
        form = Sample({"number": text, "agree": "on"})
        assert len(form.errors["number"]) == 1


def test_a_required_field_says_what_is_missing() -> None:
    messages = dict(Choices({}).error_list)
    assert messages == {
        "id_first_name": "Enter the first name.",
        "id_zip": "Enter the ZIP code.",
        "id_place": "Select the state.",
        "id_kind_0": "Choose one: How?",
        "id_agree": "Tick this to go on: I agree",
    }


def test_a_message_of_its_own_stays() -> None:
    class Own(PortalForm):
        number = forms.CharField(error_messages={"required": "Which number?"})

    assert Own({}).errors["number"] == ["Which number?"]


def test_a_group_of_choices_is_tied_to_its_error() -> None:
    html = str(Choices({}))
    assert '<fieldset class="form-field form-field--choices form-field--error"' in html
    assert 'aria-describedby="id_kind_error"' in html
    assert 'id="id_kind_error"' in html
    assert 'id="id_kind_0"' in html


def test_autocomplete_and_further_descriptions_reach_the_input() -> None:
    class Described(PortalForm):
        password = forms.CharField(
            help_text="At least 14.",
            widget=forms.PasswordInput(
                attrs={"autocomplete": "new-password", "aria-describedby": "password-rules"}
            ),
        )

    tags = Tags(str(Described()))
    assert tags.by_id["id_password"]["autocomplete"] == "new-password"
    assert tags.by_id["id_password"]["aria-describedby"] == "id_password_helptext password-rules"


def test_what_is_short_is_drawn_short() -> None:
    tags = Tags(str(Choices()))
    assert "field--short" in str(tags.by_id["id_zip"]["class"])
    assert "field--short" not in str(tags.by_id["id_first_name"]["class"])


def test_letters_of_any_script_pass() -> None:
    form = Sample({"number": "Зоя 李", "agree": "on"})
    assert form.is_valid(), form.errors


@pytest.mark.parametrize("kind", sorted(_SINGLE_INPUTS))
@pytest.mark.parametrize(
    ("value", "attrs"),
    [
        (None, {}),
        ("", {"class": "ds-c-field", "maxlength": 20}),
        (">\"'&<", {'da"ta': "<&\"'>", "required": True, "autofocus": False, "title": None}),
        (mark_safe("&amp;"), {"id": mark_safe("a&amp;b"), "data-n": 0}),
        (7, {"checked": True}),
    ],
)
def test_an_input_is_what_djangos_template_makes_of_it(
    kind: str, value: object, attrs: dict[str, object]
) -> None:
    names = {"type": "te<xt", "name": 'a"b', "value": value, "attrs": attrs}
    context = {"widget": names | {"template_name": kind}}
    ours = PortalFormRenderer().render(kind, context)
    assert ours == TemplatesSetting().render(kind, context).strip()
    assert isinstance(ours, SafeString)
