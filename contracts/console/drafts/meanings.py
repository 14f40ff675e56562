"""What a changed field is for, in the words of the document's own model."""

import re
from functools import cache
from typing import Any, Final, get_args

from pydantic import BaseModel

from tenants.configuration.document import ContractDocument
from tenants.configuration.explanations import explanations_of

_PLACE: Final = re.compile(r"\[[^\]]*\]")


@cache
def meaning_of(field: str) -> str:
    """Return what is explained of a field, as in `terms[2].text`; empty for one that is unknown."""
    models: list[type[BaseModel]] = [ContractDocument]
    found = ""
    for name in _PLACE.sub("", field).split("."):
        owner = next((one for one in models if name in one.model_fields), None)
        if owner is None:
            return ""
        found = explanations_of(owner).get(name, "")
        models = _models_in(owner.model_fields[name].annotation)
    return " ".join(found.replace("`", "").split())


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """Return the models that a field may hold, in lists and unions too."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]
