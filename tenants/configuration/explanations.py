"""What stands in the code below the fields of a section, for the documents that people write.

Read from the source when somebody asks for it. Pydantic's `use_attribute_docstrings` would do so
each time a process starts: a tenth of all that starting takes, for texts that one command shows.
"""

import ast
import inspect
import textwrap
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise

from pydantic import BaseModel


@lru_cache
def explanations_of(model: type[BaseModel]) -> Mapping[str, str]:
    """Return the explanation of each field that has one by the field's name, inherited ones too."""
    found: dict[str, str] = {}
    for part in reversed(model.__mro__):
        if issubclass(part, BaseModel) and part is not BaseModel:
            found |= _written_in(part)
    return found


def _written_in(model: type[BaseModel]) -> dict[str, str]:
    [definition] = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    assert isinstance(definition, ast.ClassDef)  # noqa: S101 (the source of a class)
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(definition.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }
