"""Guards on templates: no inline script or style, no giants, components say what they take."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
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


def test_the_error_of_a_form_stands_once_in_a_title() -> None:
    """The base writes it for every page with a form."""
    twice = re.compile(r"block title %}{% if form\.errors")
    assert [path for path in pages() if twice.search(path.read_text())] == []


def test_each_component_says_what_it_takes() -> None:
    components = sorted((TEMPLATES / "components").glob("*.html"))
    assert components
    assert [path.name for path in components if "{% comment %}" not in path.read_text()[:40]] == []


def test_nothing_loads_from_elsewhere() -> None:
    outside = re.compile(r"(?:src|href)=\"(?:https?:)?//")
    assert [path for path in pages() if outside.search(path.read_text())] == []


def names_in(*folders: str) -> set[str]:
    """Return the words that stand between quotes in Python and in templates."""
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    files += TEMPLATES.rglob("*.html")
    files += TEMPLATES.rglob("*.txt")
    return {
        name for path in files for name in re.findall(r"[\"']([\w./-]+)[\"']", path.read_text())
    }


def test_every_template_is_used() -> None:
    """By its path, or by the name that a page or a kind of message adds to a folder."""
    known = names_in("config", "contracts", "core", "tenants")
    # Django draws forms with these, and shows these answers, by names of its own.
    by_name = {"django/forms", "django/forms/widgets"}
    unused = [
        name
        for path in [*TEMPLATES.rglob("*.html"), *TEMPLATES.rglob("*.txt")]
        if (name := str(path.relative_to(TEMPLATES))) not in known
        and path.name.split(".")[0] not in known
        and str(path.parent.relative_to(TEMPLATES)) not in by_name
    ]
    assert unused == []
