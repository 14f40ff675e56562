"""Guards on templates: no inline script or style, no giants, components say what they take."""

import re
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates"
# Mail programs read no style sheets, so mails alone carry their styles in attributes.
MAILS = TEMPLATES / "notifications"
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son[a-z]+=|\shx-on|javascript:|=['\"]js:"
)


def pages() -> list[Path]:
    return [path for path in TEMPLATES.rglob("*.html") if MAILS not in path.parents]


def test_there_are_pages() -> None:
    assert len(pages()) > 30


def test_no_inline_script_or_style() -> None:
    hits = {
        str(path.relative_to(TEMPLATES)): match.group(0)
        for path in pages()
        if (match := INLINE.search(path.read_text()))
    }
    assert hits == {}


def test_templates_stay_short() -> None:
    long = [path for path in pages() if len(path.read_text().splitlines()) > 150]
    assert long == []


def test_each_component_says_what_it_takes() -> None:
    components = sorted((TEMPLATES / "components").glob("*.html"))
    assert components
    assert [path.name for path in components if "{% comment %}" not in path.read_text()[:40]] == []


def test_nothing_loads_from_elsewhere() -> None:
    outside = re.compile(r"(?:src|href)=\"(?:https?:)?//")
    assert [path for path in pages() if outside.search(path.read_text())] == []
