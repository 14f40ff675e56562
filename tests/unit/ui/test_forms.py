"""What a field looks like to a browser and to a screen reader."""

from html.parser import HTMLParser

import pytest
from django import forms

from core.ui.forms import PortalForm


class Sample(PortalForm):
    number = forms.CharField(label="NPI", help_text="Ten digits.", max_length=20)
    fax = forms.CharField(label="Fax", required=False)
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


def test_letters_of_any_script_pass() -> None:
    form = Sample({"number": "Зоя 李", "agree": "on"})
    assert form.is_valid(), form.errors
