"""How far a draft has come: its sections, its gates, and what differs from what is published."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.console.drafts.content import Content, read_content, sections
from contracts.console.drafts.samples import sample_fields
from contracts.console.gates import plan_for
from contracts.console.models import Draft
from contracts.console.sections.words import field_label, section_label
from core.staff.scope import StaffActor
from tenants.configuration.diff import Change
from tenants.configuration.document import ContractDocument
from tenants.configuration.gate_titles import GATE_TITLES, VALID
from tenants.configuration.gates import GateFailure
from tenants.configuration.publishing import Plan, plan_contract


@dataclass(frozen=True)
class SectionState:
    """A section of a draft: what is wrong in it, and whether it says something new."""

    name: str
    label: str
    problems: tuple[str, ...]
    is_changed: bool
    samples: int
    """How many of its fields still say what the starter of new contracts says."""


@dataclass(frozen=True)
class GateState:
    """A gate by its name. `is_open` is None where it cannot be asked yet."""

    name: str
    title: str
    is_open: bool | None
    failures: tuple[GateFailure, ...]


@dataclass(frozen=True)
class Readiness:
    """What the page of a draft shows. Without a readable document there is no plan."""

    content: Content
    plan: Plan | None
    sections: Sequence[SectionState]
    gates: Sequence[GateState]
    samples: Sequence[str]
    """Fields that still say what the starter of new contracts says."""

    @property
    def document(self) -> ContractDocument | None:
        """The draft as a document, where it can be read."""
        return self.content.document

    @property
    def may_be_published(self) -> bool:
        """Tell whether every gate is open."""
        return all(gate.is_open for gate in self.gates)

    @property
    def changes(self) -> Sequence[Change]:
        """What differs from what is published."""
        return self.plan.changes if self.plan else ()

    @property
    def closed(self) -> int:
        """How many gates are closed."""
        return sum(gate.is_open is False for gate in self.gates)


def readiness_of(draft: Draft, staff: StaffActor, *, at: datetime) -> Readiness:
    """Return how far a draft has come, for somebody of staff.

    Every gate is asked as if it were published now.
    """
    content = read_content(draft.document)
    plan = plan_contract(document=content.document, at=at) if content.document else None
    plan = plan_for(staff, plan) if plan else None
    failures = plan.failures if plan else _as_failures(content)
    samples = sample_fields(content.document) if content.document else ()
    return Readiness(
        content=content,
        plan=plan,
        sections=[_section(name, failures, plan, samples) for name in sections()],
        gates=[_gate(name, title, failures, plan) for name, title in GATE_TITLES.items()],
        samples=samples,
    )


def section_of(field: str) -> str:
    """Return the section in which a field stands."""
    return field.partition(".")[0].partition("[")[0]


def _as_failures(content: Content) -> tuple[GateFailure, ...]:
    return tuple(GateFailure(VALID, one.field, one.message) for one in content.problems)


def _section(
    name: str, failures: Iterable[GateFailure], plan: Plan | None, samples: Iterable[str]
) -> SectionState:
    here = [one for one in failures if section_of(one.field) == name]
    return SectionState(
        name=name,
        label=section_label(name),
        problems=tuple(f"{field_label(one.field)}: {one.message}" for one in here),
        samples=sum(section_of(field) == name for field in samples),
        is_changed=any(section_of(change.field) == name for change in plan.changes)
        if plan
        else False,
    )


def _gate(name: str, title: str, failures: Iterable[GateFailure], plan: Plan | None) -> GateState:
    found = tuple(one for one in failures if one.gate == name)
    asked = name == VALID or plan is not None
    return GateState(name, title, (not found) if asked else None, found)
