"""Words and addresses of drafts."""

from typing import Any

from django import template
from django.urls import reverse

from contracts.console.drafts.content import sections
from contracts.console.drafts.forms import origin_words
from contracts.console.drafts.meanings import meaning_of
from contracts.console.drafts.readiness import section_of
from contracts.console.models import Draft
from contracts.console.sections.pages import field_url
from contracts.console.sections.reading import find_node
from contracts.console.sections.words import field_label, in_words, path_of

register = template.Library()


@register.simple_tag
def meaning(field: str) -> str:
    """Return what a field of a contract's document is for, by its path; empty for one unknown."""
    return meaning_of(field)


@register.filter
def called(field: str) -> str:
    """Return what the pages call a field of a contract's document."""
    return field_label(field)


@register.filter
def worded(value: Any, field: str) -> str:
    """Return the value of a field, given by its path, as the pages say it."""
    node = find_node(path_of(field))
    return str(value) if node is None else in_words(node.about, value)


@register.filter
def begun_with(origin: str) -> str:
    """Return what a draft began with, for a sentence."""
    return origin_words(origin)


@register.simple_tag
def section_url(draft: Draft, field: str) -> str:
    """Return where a field of a draft is mended: its input in its section, else the whole text."""
    section = section_of(field)
    if section in sections():
        return field_url(draft, section if "[" in field else field)
    return reverse("console:draft_toml", args=[draft.slug])
