"""What the page of one section shows around its form."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse

from contracts.console.drafts.content import canonical, read_content, sections
from contracts.console.models import Draft
from contracts.console.publications.rights import find_contract
from contracts.console.sections.beside import PUBLISHED, Source, beside, weak_points
from contracts.console.sections.brand import BRAND, brand_parts, brand_preview
from contracts.console.sections.checking import read_section
from contracts.console.sections.forms import SectionForm
from contracts.console.sections.nodes import Typed
from contracts.console.sections.previews import preview_of
from contracts.console.sections.reading import section_node
from contracts.console.sections.words import help_of, section_label
from tenants import registry
from tenants.configuration.diff import Change
from tenants.configuration.policy import PolicySections
from tenants.configuration.presets import DEFAULT, PRESETS
from tenants.configuration.revisions import document_of, to_json


@dataclass(frozen=True)
class Shown:
    """What a section's page shows of what was typed, and of what became of it."""

    typed: Typed
    seen: str
    """The state of the section that the form is about (`saving.mark_of`)."""
    problems: Sequence[tuple[str, str]] = ()
    is_stale: bool = False
    meanwhile: Sequence[Change] = field(default_factory=tuple)
    """What saving would change of what another tab has saved."""
    typed_is_back: bool = False


@dataclass(frozen=True)
class Step:
    """One section among the others. `state` is what there is to say of it, in a word or two."""

    label: str
    url: str
    is_here: bool
    to_mend: int
    is_changed: bool


def section_url(draft: Draft, section: str | None) -> str:
    """Return the address of a section, or of the draft."""
    if section is None:
        return reverse("console:draft", args=[draft.slug])
    return reverse("console:draft_section", args=[draft.slug, section])


def field_url(draft: Draft, field: str) -> str:
    """Return where a field is typed, given as gates name it. Raises KeyError for no section."""
    section, *rest = field.split(".")
    node = section_node(section)
    typed = dict(node.typed(draft.document.get(section), section))
    path = tuple(int(part) if part.isdecimal() else part for part in rest)
    form = SectionForm(section, typed)
    return f"{section_url(draft, section)}#{form.anchor(node.place(path, typed, section))}"


def section_after(section: str) -> str | None:
    """Return the section that is the next step, or None after the last one."""
    names = sections()
    place = names.index(section) + 1
    return names[place] if place < len(names) else None


def section_context(draft: Draft, section: str, shown: Shown) -> dict[str, object]:
    """Return what the template of a section's page shows."""
    published = _published(draft)
    value = section_node(section).value(shown.typed, section)
    around = beside(
        section,
        shown.typed,
        [*_inherited(draft, section), *_sources({PUBLISHED: published}, section)],
        weak_points(section, value, draft.document.get("waivers")),
    )
    form = SectionForm(section, shown.typed, shown.problems, beside=around, fixed="contract-slug")
    more = {"live": brand_preview(value), **brand_parts(form)} if section == BRAND else {}
    return {
        **more,
        "form": form,
        "shown": shown,
        "section": section,
        "label": section_label(section),
        "explanation": help_of(section_node(section).about),
        "steps": _steps(draft, section, published),
        "number": sections().index(section) + 1,
        "preview": preview_of(read_section(section, value)),
    }


def _published(draft: Draft) -> dict[str, Any]:
    contract = find_contract(draft.slug)
    document = document_of(contract.revision) if contract else None
    return to_json(document) if document else {}


def _inherited(draft: Draft, section: str) -> list[Source]:
    """What the section would be otherwise: by the presets, or by the deployment's own document."""
    if section not in PolicySections.model_fields:
        own = to_json(registry.get_deployment()) if registry.is_configured() else {}
        return _sources({"The deployment’s own": own}, section)
    named = {"Safer default": to_json(DEFAULT)}
    if draft.origin in PRESETS and PRESETS[draft.origin] != DEFAULT:
        named[f"Preset {draft.origin}"] = to_json(PRESETS[draft.origin])
    return _sources(named, section)


def _sources(documents: dict[str, dict[str, Any]], section: str) -> list[Source]:
    return [
        Source(name, document[section])
        for name, document in documents.items()
        if document.get(section)
    ]


def _steps(draft: Draft, here: str, published: dict[str, Any]) -> list[Step]:
    content, now = read_content(draft.document), canonical(draft.document)
    return [
        Step(
            label=section_label(name),
            url=section_url(draft, name),
            is_here=name == here,
            to_mend=len(content.problems_in(name)),
            is_changed=bool(published) and now.get(name) != published.get(name),
        )
        for name in sections()
    ]
