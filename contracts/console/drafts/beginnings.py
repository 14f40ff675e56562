"""What a draft begins with: what is published, a preset, another contract, or a TOML text.

Exceptions of another program are never taken over: a new contract begins without waivers, and its
author stands for each one anew.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenants.configuration.document import ContractDocument
from tenants.configuration.loading import parse_contract
from tenants.configuration.origins import contract_origin, preset_origin
from tenants.configuration.revisions import day_in, document_of, to_json
from tenants.configuration.starter import LATEST_TIME_ZONE, starter_over
from tenants.models import Contract


@dataclass(frozen=True)
class Beginning:
    """A draft's first document, and where it is from."""

    slug: str
    document: dict[str, Any]
    origin: str = ""


def begin_with_preset(slug: str, name: str, *, preset: str, at: datetime) -> Beginning:
    """Begin with the policies of a preset; the texts are samples. Raises ValidationError."""
    return _begin(slug, name, preset_origin(preset), origin=preset, at=at)


def begin_with_contract(
    slug: str, name: str, *, document: ContractDocument, number: int, at: datetime
) -> Beginning:
    """Begin with another contract's sections. Raises ValidationError."""
    origin = f"{document.contract.slug}@{number}"
    return _begin(slug, name, contract_origin(document), origin=origin, at=at)


def begin_with_text(text: str, *, file: str) -> Beginning:
    """Begin with a document in TOML, which is about a contract of its own.

    Raises DocumentErrors with file, line and field, as `contract check` does.
    """
    document = parse_contract(text, file=file)
    return Beginning(document.contract.slug, to_json(document))


def begin_with_published(contract: Contract, *, at: datetime) -> dict[str, Any]:
    """Return what is published, to be changed.

    What this version cannot read comes as it is; a contract whose provisioning was interrupted
    begins with the default preset.
    """
    if contract.revision is None:
        return _begin(contract.slug, contract.name, {}, origin="", at=at).document
    document = document_of(contract.revision)
    return to_json(document) if document else dict(contract.revision.document)


def _begin(
    slug: str, name: str, beneath: dict[str, Any], *, origin: str, at: datetime
) -> Beginning:
    on = day_in(LATEST_TIME_ZONE, at)
    data = to_json(starter_over(slug, on=on, beneath=beneath))
    data["contract"]["name"] = name
    return Beginning(slug, data, origin)
