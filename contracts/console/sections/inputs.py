"""The input of one node, as Django draws it. Nothing is checked here: the model does that."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms

from contracts.console.sections.nodes import Leaf, LinesLeaf, Node
from contracts.console.sections.words import bounds_of, help_of, input_label, offered

_MOST_BUTTONS: Final = 5
"""Choices that are drawn as buttons; more of them become a list to open."""
_SEEN_AT_ONCE: Final = 44
"""Characters of a text that an input shows; a longer one gets more lines."""
_SHORT: Final = {"class": "field--short"}


def field_of(node: Node, given: Sequence[str]) -> forms.Field:
    """Return the field for a node; `given` is what stands in it."""
    words: dict[str, Any] = {"label": input_label(node.about), "help_text": _help(node)}
    if not isinstance(node, Leaf):
        return forms.CharField(required=False, widget=forms.MultipleHiddenInput, **words)
    if node.look == "yes":
        return forms.BooleanField(required=False, **words)
    if node.look == "some":
        return _some(node, given, words)
    words["required"] = not node.about.can_be_empty and not isinstance(node, LinesLeaf)
    if choices := offered(node.about):
        return _one(choices, given, words)
    return forms.CharField(widget=_widget(node, given), **words)


def _some(node: Leaf, given: Sequence[str], words: Mapping[str, Any]) -> forms.Field:
    """Boxes; those that are ticked stand first, in their order, which is kept by that."""
    choices = dict(offered(node.about))
    order = dict.fromkeys([*(value for value in given if value in choices), *choices])
    return forms.MultipleChoiceField(
        required=False,
        choices=[(value, choices[value]) for value in order],
        widget=forms.CheckboxSelectMultiple,
        **words,
    )


def _one(
    choices: Sequence[tuple[str, str]], given: Sequence[str], words: Mapping[str, Any]
) -> forms.Field:
    if len(choices) <= _MOST_BUTTONS:
        return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **words)
    others = [(value, value) for value in given if value not in dict(choices)]
    empty = [] if given else [("", "Select")]
    return forms.ChoiceField(choices=[*empty, *choices, *others], **words)


def _help(node: Node) -> str:
    """The explanation, what a number is between, and how a list is typed."""
    said = [help_of(node.about), bounds_of(node.about)]
    if isinstance(node, LinesLeaf):
        said.append("Empty lines part paragraphs." if node.paragraphs else "One on each line.")
    return " ".join(part for part in said if part)


def _widget(node: Leaf, given: Sequence[str]) -> forms.Widget:
    match node.look:
        case "number":
            return forms.TextInput(attrs={"inputmode": "numeric", **_SHORT})
        case "date":
            return forms.DateInput(attrs={"type": "date", **_SHORT})
        case "text":
            return forms.Textarea(attrs={"rows": 4})
        case "lines":
            is_prose = isinstance(node, LinesLeaf) and node.paragraphs
            return forms.Textarea(attrs={"rows": 12 if is_prose else 3})
    is_long = len("".join(given)) > _SEEN_AT_ONCE
    return forms.Textarea(attrs={"rows": 2}) if is_long else forms.TextInput()
