"""The frame of every page."""

import re

from django import forms
from django.template.loader import render_to_string

from core.ui.forms import PortalForm


class Sample(PortalForm):
    number = forms.CharField(label="NPI")


def title(html: str) -> str:
    found = re.search(r"<title>(.*?)</title>", html, re.DOTALL)
    assert found
    return found.group(1)


def test_a_page_stands_without_a_site() -> None:
    html = render_to_string("layouts/with_aside.html", {})
    assert "Multi-Factor Authentication Help" in html
    assert "Terms of use" in html
    assert "Provider Portal" in title(html)


def test_the_title_says_that_something_must_be_mended() -> None:
    failing = Sample({})
    assert title(render_to_string("base.html", {"form": failing})).startswith("Error: ")
    assert not title(render_to_string("base.html", {"form": Sample()})).startswith("Error")


def test_htmx_may_not_evaluate_or_style() -> None:
    html = render_to_string("base.html", {})
    assert '"allowEval": false' in html
    assert '"includeIndicatorStyles": false' in html


def test_the_steps_name_the_present_one_once_for_screen_readers() -> None:
    html = render_to_string("components/step_list.html", {"steps": ["One", "Two"], "current": 2})
    assert html.count('aria-current="step"') == 1
    assert "Step 2 of 2: <strong>Two</strong>" in html
    assert '<p class="steps__caption" aria-hidden="true">' in html


def test_every_contact_is_shown_and_its_address_without_the_scheme() -> None:
    contacts = [
        {"purpose": "Help", "phone": "304-555-0100", "url": "https://help.example.org/"},
        {"purpose": "Appeals", "email": "appeals@example.org"},
    ]
    html = render_to_string("components/contact_panel.html", {"site": {"contacts": contacts}})
    assert 'href="tel:304-555-0100"' in html
    assert ">help.example.org</a>" in html
    assert 'href="mailto:appeals@example.org"' in html
