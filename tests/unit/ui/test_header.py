"""The head of a page for strangers: one for each site, kept."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from django.template import Context
from django.template.loader import get_template
from django.urls import get_script_prefix, set_script_prefix

from core.ui.templatetags.header import strangers_header


@pytest.fixture(autouse=True)
def _prefix_is_put_back() -> Iterator[None]:
    former = get_script_prefix()
    yield
    set_script_prefix(former)


def _site(contract: str | None) -> SimpleNamespace:
    known = SimpleNamespace(name=contract) if contract else None
    return SimpleNamespace(logo_text="<Mark>", product="Portal & more", contract=known)


def test_each_site_has_its_own_and_it_is_what_the_template_makes_of_the_page() -> None:
    for prefix, contract in [("/wv-bh/", "West <i>"), ("/ms-um/", "Mississippi"), ("/", None)] * 2:
        set_script_prefix(prefix)
        site = _site(contract)
        ours = strangers_header(Context({"site": site}))
        assert ours == get_template("layouts/header.html").render({"site": site})
        assert f'href="{prefix}"' in ours
        assert "&lt;Mark&gt;" in ours
        assert ("West &lt;i&gt;" in ours) is (contract == "West <i>")


def test_a_page_that_knows_no_site_has_a_head_all_the_same() -> None:
    assert "Provider Portal" in strangers_header(Context())
