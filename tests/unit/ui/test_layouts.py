"""The tag `extends`: pages come out as by Django's own, whichever layouts they share."""

import pytest
from django.template import Context, Engine
from django.template.base import NodeList
from django.template.loader_tags import ExtendsNode

from core.ui.templatetags.layouts import LayoutNode

PAGES = {
    "root.html": "<{% block a %}root a{% endblock %}|"
    "{% if b %}{% block b %}b{% endblock %}{% endif %}|{% include 'part.html' %}>",
    "part.html": "{% block a %}of the part{% endblock %}",
    "middle.html": "{# no text #} {% extends 'root.html' %}{% block a %}middle + {{ block.super }}"
    "{% block inner %}inner{% endblock %}{% endblock %}",
    "page.html": "{% extends 'middle.html' %}{% block inner %}page{{ block.super }}{% endblock %}"
    "{% block b %}({{ block.super }}){% endblock %}",
    "other.html": "{% extends layout %}{% block b %}other{% endblock %}",
    "plain.html": "{% extends 'root.html' %}",
}


def _engine(*builtins: str) -> Engine:
    in_memory = ("django.template.loaders.locmem.Loader", PAGES)
    cached = ("django.template.loaders.cached.Loader", [in_memory])
    return Engine(loaders=[cached], builtins=list(builtins))


@pytest.mark.parametrize("name", ["page.html", "other.html", "plain.html", "middle.html"])
def test_pages_come_out_as_by_djangos_own_tag(name: str) -> None:
    ours, stock = _engine("core.ui.templatetags.layouts"), _engine()
    page, own = ours.get_template(name), stock.get_template(name)
    assert page.nodelist.get_nodes_by_type(LayoutNode)
    assert not own.nodelist.get_nodes_by_type(LayoutNode)
    assert own.nodelist.get_nodes_by_type(ExtendsNode)
    for layout in ("root.html", "middle.html", "root.html"):
        for shows in (True, False, True):
            given = {"b": shows, "layout": layout}
            assert page.render(Context(given)) == own.render(Context(given))


def test_a_layout_is_looked_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    page = _engine("core.ui.templatetags.layouts").get_template("page.html")
    first = page.render(Context())
    monkeypatch.delattr(NodeList, "get_nodes_by_type")
    assert page.render(Context()) == first
    with pytest.raises(AttributeError):
        _engine().get_template("page.html").render(Context())
