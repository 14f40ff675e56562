"""What a new contract's document may leave to another: a preset, or a contract that is there."""

from collections.abc import Mapping
from typing import Any, Final

from tenants.configuration.document import ContractDocument
from tenants.configuration.presets import PRESETS
from tenants.configuration.revisions import to_json

_ITS_OWN: Final = frozenset({"contract", "hosts", "terms", "notices", "waivers"})
"""What no contract takes from another: who it is, where it is, what people agree to, and the
exceptions that somebody has to stand for anew."""


def preset_origin(name: str) -> dict[str, Any]:
    """Return the policy sections of a preset."""
    return to_json(PRESETS[name])


def contract_origin(document: ContractDocument) -> dict[str, Any]:
    """Return the sections of a contract's document that another one may begin with."""
    return {name: value for name, value in to_json(document).items() if name not in _ITS_OWN}


def laid_over(beneath: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document's data over another's: tables field by field, lists and values as a whole.

    A table that names another family is another thing, and replaces what is beneath.
    """
    found = dict(beneath)
    for name, value in data.items():
        below = found.get(name)
        if isinstance(value, Mapping) and isinstance(below, Mapping) and _fits(below, value):
            found[name] = laid_over(below, value)
        else:
            found[name] = value
    return found


def _fits(beneath: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    return bool(value.get("family", beneath.get("family")) == beneath.get("family"))
