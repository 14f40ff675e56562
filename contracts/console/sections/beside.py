"""What stands beside the inputs: what a field would be otherwise, what is published or weak."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import ValidationError

from contracts.console.sections.nodes import Node, OneOf, Rows, Table, Typed, shown_rows
from contracts.console.sections.reading import section_node
from contracts.console.sections.words import in_words, offered, with_words
from tenants.configuration.gates import weaker_than_default
from tenants.configuration.policy import PolicySections

PUBLISHED: Final = "Published now"
LEFT_OUT: Final = "Default"
_LONGEST: Final = 240


@dataclass(frozen=True)
class Weak:
    """A point in which what is typed is weaker than the default."""

    rule: str
    message: str
    until: str | None
    """The last day of the draft's waiver for it; None without one."""


@dataclass(frozen=True)
class Beside:
    """What is told beside one input."""

    facts: tuple[tuple[str, str], ...] = ()
    """Where a value comes from, and the value in words."""
    is_changed: bool = False
    """Whether the published value is another one."""
    weak: tuple[Weak, ...] = ()


@dataclass(frozen=True)
class Source:
    """A section as it stands elsewhere: in a preset, in the deployment's document, published."""

    name: str
    section: Any


def beside(
    name: str, typed: Typed, sources: Sequence[Source], weak: Mapping[str, tuple[Weak, ...]]
) -> dict[str, Beside]:
    """Return what stands beside the inputs of a section, by the input's name."""
    found = dict(_facts(section_node(name), name, typed, sources))
    for at, points in weak.items():
        found[at] = replace(found.get(at, Beside()), weak=points)
    return {at: one for at, one in found.items() if one != Beside()}


def weak_points(name: str, value: Any, waivers: Any) -> dict[str, tuple[Weak, ...]]:
    """Return where a policy section is weaker than the default, by the input's name."""
    if name not in PolicySections.model_fields:
        return {}
    try:
        sections = PolicySections.model_validate({name: value})
    except ValidationError:
        return {}
    waived = {one.get("rule"): str(one.get("until")) for one in _tables(waivers)}
    found: dict[str, tuple[Weak, ...]] = {}
    inputs = dict(section_node(name).inputs({}, name))
    for point in weaker_than_default(sections):
        section, field, *_ = point.rule.split(".")
        at = f"{section}-{field}"
        if at in inputs:
            said = with_words(point.message, dict(offered(inputs[at].about)))
            found[at] = (*found.get(at, ()), Weak(point.rule, said, waived.get(point.rule)))
    return found


def _facts(
    node: Node, at: str, typed: Typed, sources: Sequence[Source]
) -> Iterator[tuple[str, Beside]]:
    match node:
        case Table(parts=parts):
            tables = [one for one in sources if isinstance(one.section, Mapping)]
            for key, part in parts.items():
                inside = [Source(one.name, one.section.get(key)) for one in tables]
                yield from _facts(part, f"{at}-{key}", typed, inside)
        case Rows():
            yield from _facts_of_rows(node, at, typed, sources)
        case OneOf(tables=families):
            tag = node.tag_name
            yield from _facts(Table(node.about, {tag: node.tag}), at, typed, sources)
            for family, table in families.items():
                same = [one for one in sources if _tables([one.section], {tag: family})]
                yield from _facts(table, f"{at}-{family}", typed, same)
        case _:
            yield at, _of_leaf(node, node.value(typed, at), sources)


def _facts_of_rows(
    node: Rows, at: str, typed: Typed, sources: Sequence[Source]
) -> Iterator[tuple[str, Beside]]:
    """Rows are the same where their first field is, wherever they stand."""
    name = next(iter(node.item.parts))
    others = [one for one in sources if one.name != PUBLISHED and _tables(one.section)]
    named = [(one.name, [str(row.get(name)) for row in _tables(one.section)]) for one in others]
    yield at, Beside(tuple((source, _short("; ".join(names))) for source, names in named))
    for row in shown_rows(typed, at):
        is_called = {name: node.item.parts[name].value(typed, f"{at}-{row}-{name}")}
        same = [
            Source(one.name, found)
            for one in sources
            if one.name == PUBLISHED
            for found in _tables(one.section, is_called)[:1]
        ]
        if sources and not same:
            yield f"{at}-{row}", Beside(is_changed=True)
        yield from _facts(node.item, f"{at}-{row}", typed, same)


def _of_leaf(node: Node, value: Any, sources: Sequence[Source]) -> Beside:
    facts, is_changed = [], False
    for one in sources:
        differs = one.section != value
        is_changed = is_changed or (one.name == PUBLISHED and differs)
        if one.name != PUBLISHED or differs:
            facts.append((one.name, _short(in_words(node.about, one.section))))
    inherits = any(one.name != PUBLISHED for one in sources)
    if not inherits and node.about.default not in (None, "", []):
        facts.insert(0, (LEFT_OUT, _short(in_words(node.about, node.about.default))))
    return Beside(tuple(facts), is_changed)


def _tables(value: Any, like: Mapping[str, Any] | None = None) -> list[Mapping[str, Any]]:
    """Return the entries of a list that are tables, and say what `like` says."""
    found = [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
    return [one for one in found if all(one.get(key) == it for key, it in (like or {}).items())]


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else f"{flat[: _LONGEST - 1]}…"
