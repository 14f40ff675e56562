"""The form of a section: Django draws the inputs, the model judges what stands in them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.utils import ErrorDict
from django.utils.datastructures import MultiValueDict

from contracts.console.sections.beside import Beside
from contracts.console.sections.inputs import field_of
from contracts.console.sections.nodes import Node, OneOf, Rows, Table, Typed, shown_rows
from contracts.console.sections.reading import section_node
from contracts.console.sections.words import help_of, label_of, row_label
from core.ui.forms import PortalForm


@dataclass(frozen=True)
class Part:
    """What stands on the page for one node, with what is inside it."""

    kind: str
    """`field`, `table`, `rows`, `row` or `one_of`, as the template calls them."""
    node: Node
    at: str
    label: str
    bound: BoundField | None = None
    parts: Sequence["Part"] = field(default_factory=tuple)
    beside: Beside | None = None

    @property
    def help(self) -> str:
        """Return the explanation."""
        return help_of(self.node.about)

    @property
    def is_words(self) -> bool:
        """Tell whether it is a table of short words, such as the labels of a form."""
        return isinstance(self.node, Table) and self.node.drops_empty

    @property
    def key(self) -> str:
        """Return the name of a row among the rows of its list."""
        return self.at.rpartition("-")[2]

    @property
    def choices(self) -> list[tuple[Any, "Part"]]:
        """Return the buttons of a choice of tables, each with its table."""
        return list(zip(self.bound or (), self.parts, strict=False))


class SectionForm(PortalForm):
    """The inputs of one section with what is typed, and what is wrong with it.

    `fixed` is an input that nobody changes.
    """

    def __init__(
        self,
        name: str,
        typed: Typed,
        problems: Iterable[tuple[str, str]] = (),
        *,
        beside: Mapping[str, Beside] | None = None,
        fixed: str = "",
    ) -> None:
        node = section_node(name)
        self._typed, self._problems, self._beside = typed, tuple(problems), beside or {}
        self._where: dict[str, str] = {}
        inputs = node.inputs(typed, name)
        fields = {at: field_of(one, typed.get(at, ())) for at, one in inputs}
        self.base_fields = fields  # type: ignore[misc]  # of this form alone; Django copies them
        if fixed in self.base_fields:
            self.base_fields[fixed].widget.attrs["readonly"] = True
        super().__init__(MultiValueDict({at: list(given) for at, given in typed.items()}))
        self.part = self._part(node, name, "")

    def full_clean(self) -> None:
        """Take over what the model said: Django's fields only draw."""
        self._errors = ErrorDict()
        self.cleaned_data = {}
        for at, sentence in self._problems:
            self.add_error(at if at in self.fields else None, sentence)

    @property
    def error_list(self) -> list[tuple[str, str]]:
        """Return (id, message) for each error; the message names the field, and its row."""
        named = [(at, f"{self._where.get(at, '')}: {said}") for at, said in self._problems]
        return [(self.anchor(at), said.removeprefix(": ")) for at, said in named]

    def anchor(self, at: str) -> str:
        """Return the id to which a link to an input leads; of buttons and boxes the first."""
        if at not in self.fields:
            return ""
        is_group = isinstance(self.fields[at].widget, forms.RadioSelect)
        return f"{self[at].auto_id}_0" if is_group else self[at].auto_id

    def _part(self, node: Node, at: str, row: str) -> Part:
        label = label_of(node.about)
        self._where[at] = f"{row}, {label}" if row else label
        beside = self._beside.get(at)
        match node:
            case Table(parts=inside):
                parts = [self._part(one, f"{at}-{key}", row) for key, one in inside.items()]
                return Part("table", node, at, label, parts=parts)
            case Rows():
                names = shown_rows(self._typed, at)
                rows = [self._row(node, f"{at}-{name}", place) for place, name in enumerate(names)]
                return Part("rows", node, at, label, self[at], rows, beside)
            case OneOf(tables=tables):
                tag = self._part(node.tag, f"{at}-{node.tag_name}", row)
                parts = [self._part(one, f"{at}-{key}", row) for key, one in tables.items()]
                return Part("one_of", node.tag, tag.at, tag.label, tag.bound, parts, tag.beside)
        self._describe(at, beside)
        return Part("field", node, at, label, self[at], beside=beside)

    def _row(self, node: Rows, at: str, place: int) -> Part:
        label = f"{row_label(node.about)} {place + 1}"
        table = self._part(node.item, at, label)
        return Part("row", node.item, at, label, parts=table.parts, beside=self._beside.get(at))

    def _describe(self, at: str, beside: Beside | None) -> None:
        """Let what stands beside an input be read out with it."""
        if beside:
            self.fields[at].widget.attrs["aria-describedby"] = f"{self[at].auto_id}_beside"
