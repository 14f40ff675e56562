"""The tag `url`: found once, and right for every contract all the same."""

from collections.abc import Iterator

import pytest
from django.template import Context, Template
from django.template.defaulttags import URLNode
from django.urls import NoReverseMatch, get_script_prefix, set_script_prefix

from core.ui.templatetags.addresses import AddressNode


@pytest.fixture(autouse=True)
def _prefix_is_put_back() -> Iterator[None]:
    former = get_script_prefix()
    yield
    set_script_prefix(former)


def test_an_address_begins_with_the_contract_in_hand() -> None:
    page = Template("{% url 'home' %} {% url \"mfa:forgot\" %}")
    assert isinstance(page.nodelist[0], AddressNode)
    for prefix in ("/", "/wv-bh/", "/ms-um/", "/"):
        set_script_prefix(prefix)
        assert page.render(Context()) == f"{prefix}home/ {prefix}forgot-password/"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{% url name %}", "/home/"),
        ("{% url 'HOME'|lower %}", "/home/"),
        ("{% url 'home' as there %}({{ there }})", "(/home/)"),
        ("{% url 'no-such-page' as there %}({{ there }})", "()"),
        ("{% url 'tenants:brand_css' digest='abc' %}", None),
    ],
)
def test_what_needs_more_than_its_name_is_djangos_own(text: str, shown: str | None) -> None:
    page = Template(text)
    assert isinstance(page.nodelist[0], URLNode)
    if shown is not None:
        assert page.render(Context({"name": "home"})) == shown


def test_a_name_that_is_none_is_an_error_each_time() -> None:
    page = Template("{% url 'no-such-page' %}")
    for _ in range(2):
        with pytest.raises(NoReverseMatch):
            page.render(Context())


def test_the_prefix_is_escaped() -> None:
    set_script_prefix("/a&b/")
    page = Template("{% url 'home' %}{% autoescape off %} {% url 'home' %}{% endautoescape %}")
    assert page.render(Context()) == "/a&amp;b/home/ /a&b/home/"
