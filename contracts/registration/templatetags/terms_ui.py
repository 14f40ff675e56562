"""How the terms of use are laid out."""

from collections.abc import Iterable

from django import template

from contracts.registration.terms import split_title

register = template.Library()


@register.filter
def titled(paragraphs: Iterable[str]) -> list[tuple[str, str]]:
    """Return each paragraph as its run-in title ("" for none) and its text."""
    return [split_title(paragraph) for paragraph in paragraphs]
