"""Documents for tests: the sample programs, and small changes to them."""

from pathlib import Path
from typing import Any

from tenants.configuration.document import ContractDocument
from tenants.configuration.loading import load_contract

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = sorted((ROOT / "contracts" / "programs").glob("*.toml"))
DEPLOYMENT = ROOT / "config" / "deployment.toml"


def sample(slug: str = "wv-bh") -> ContractDocument:
    return load_contract(ROOT / "contracts" / "programs" / f"{slug}.toml")


def changed(document: ContractDocument, **fields: Any) -> ContractDocument:
    """Return the document with fields set by dotted name, with `__` for the dot."""
    data = document.model_dump(mode="json")
    for name, value in fields.items():
        *sections, last = name.split("__")
        target = data
        for section in sections:
            target = target[section]
        target[last] = value
    return ContractDocument.model_validate(data)
