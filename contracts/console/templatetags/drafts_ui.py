"""Words and addresses of drafts."""

from django import template
from django.urls import NoReverseMatch, reverse

from contracts.console.drafts.content import sections
from contracts.console.drafts.meanings import meaning_of
from contracts.console.drafts.readiness import section_of
from contracts.console.models import Draft

register = template.Library()


@register.simple_tag
def meaning(field: str) -> str:
    """Return what a field of a contract's document is for, by its path; empty for one unknown."""
    return meaning_of(field)


@register.simple_tag
def section_url(draft: Draft, field: str) -> str:
    """Return where a field of a draft is mended: the page of its section, else the whole text."""
    section = section_of(field)
    if section in sections():
        try:
            return reverse("console:draft_section", args=[draft.slug, section])
        except NoReverseMatch:
            return f"#section-{section}"
    return reverse("console:draft_toml", args=[draft.slug])
