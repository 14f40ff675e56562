"""Mails in the name of a contract: plain text, and HTML that escapes what people typed."""

import re
from pathlib import Path

import pytest
from pytest_django import Settings

from core.notifications.mail import RenderedMail, brand_of, render_mail
from tenants.configuration.brand import readable_on
from tenants.configuration.deployment import DeploymentDocument
from tenants.configuration.document import ContractDocument
from tenants.configuration.loading import load_contract, load_deployment

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = sorted((ROOT / "contracts" / "programs").glob("*.toml"))


@pytest.fixture
def document() -> ContractDocument:
    return load_contract(PROGRAMS[0])


@pytest.fixture
def templates(settings: Settings) -> None:
    """Use three small templates that extend the real layouts."""
    sources = {
        "notifications/sample.subject.txt": "Hello\n {{ name }}, welcome",
        "notifications/sample.txt": (
            '{% extends "notifications/layout.txt" %}'
            "{% block message %}Dear {{ name }},\n\n\n\nfollow {{ link }}{% endblock %}"
        ),
        "notifications/sample.html": (
            '{% extends "notifications/layout.html" %}{% block message %}'
            '{% include "notifications/parts/heading.html" with text=name %}'
            '{% include "notifications/parts/button.html" with url=link label="Go" %}'
            '{% include "notifications/parts/code.html" with code="482913" life="30 seconds" %}'
            "{% endblock %}"
        ),
    }
    engine = settings.TEMPLATES[0]
    loaders = [
        ("django.template.loaders.locmem.Loader", sources),
        "django.template.loaders.filesystem.Loader",
    ]
    options = {**engine["OPTIONS"], "loaders": loaders}
    settings.TEMPLATES = [{**engine, "APP_DIRS": False, "OPTIONS": options}]


def render(
    document: ContractDocument | DeploymentDocument, name: str = "Dana O'Neil & <b>Co</b>"
) -> RenderedMail:
    values = {"name": name, "link": "https://portal.example.org/l/?a=1&b=2"}
    return render_mail("sample", values, document)


def test_plain_text_is_not_escaped(templates: None, document: ContractDocument) -> None:
    mail = render(document)
    assert "Dear Dana O'Neil & <b>Co</b>,\n\nfollow https://portal.example.org/l/?a=1&b=2" in (
        mail.text
    )


def test_html_is_escaped(templates: None, document: ContractDocument) -> None:
    mail = render(document)
    assert "Dana O&#x27;Neil &amp; &lt;b&gt;Co&lt;/b&gt;" in mail.html
    assert "<b>Co</b>" not in mail.html


def test_a_subject_is_one_line_whatever_is_in_it(
    templates: None, document: ContractDocument
) -> None:
    mail = render(document, name="Dana\r\nBcc: all@example.org\u2028\x00")
    assert mail.subject == "Hello Dana Bcc: all@example.org , welcome"
    assert len(render(document, name="x" * 5000).subject) <= 200


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_both_forms_carry_brand_sender_and_every_support_contact(
    templates: None, path: Path
) -> None:
    contract = load_contract(path)
    mail = render(contract)
    for form in (mail.text, mail.html):
        assert contract.brand.logo_text in form
        assert contract.brand.product in form
        assert contract.brand.sender_name in form
        for contact in contract.support:
            for way in (contact.phone, contact.fax, contact.email, contact.url):
                assert way is None or way in form
    assert f"background-color:{contract.brand.color}" in mail.html


def test_a_mail_without_a_contract_carries_the_deployment(templates: None) -> None:
    deployment = load_deployment(ROOT / "config" / "deployment.toml")
    mail = render(deployment)
    assert deployment.brand.logo_text in mail.html
    assert deployment.support[0].purpose in mail.text
    assert brand_of(deployment).program == deployment.deployment.name


def test_html_has_what_assistive_programs_need(templates: None, document: ContractDocument) -> None:
    html = render(document).html
    assert '<html lang="en">' in html
    assert html.count("<h1") == 1
    assert html.count("<table") == html.count('<table role="presentation"')
    assert "<script" not in html
    assert "<img" not in html


@pytest.mark.parametrize(
    "color", ["#000000", "#0b5cad", "#808080", "#f2c94c", "#ffffff", "#777777"]
)
def test_text_on_the_brand_colour_can_be_read(color: str) -> None:
    assert contrast(color, readable_on(color)) >= 4.5


def contrast(first: str, second: str) -> float:
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_mail_has_its_three_parts() -> None:
    folder = ROOT / "templates" / "notifications"
    names = {
        re.sub(r"(\.subject)?\.(txt|html)$", "", path.name)
        for path in folder.iterdir()
        if path.is_file()
    }
    for name in names - {"layout"}:
        for ending in (".subject.txt", ".txt", ".html"):
            assert (folder / f"{name}{ending}").is_file(), f"{name}{ending} is missing"
