"""The frame of a draft's pages: the tabs of its contract, or none while it is new."""

from collections.abc import Mapping

from django.http import HttpResponse

from contracts.console.drafts.content import read_content
from contracts.console.models import Draft
from contracts.console.publications.rights import find_contract
from core.staff.access import StaffRequest
from core.staff.contract_pages import contract_page
from tenants.configuration.exporting import to_toml
from tenants.configuration.raw_toml import values_to_toml
from tenants.models import Contract


def name_of(draft: Draft) -> str:
    """Return how a draft calls its contract, else its slug."""
    section = draft.document.get("contract")
    name = section.get("name") if isinstance(section, Mapping) else None
    return name if isinstance(name, str) and name else draft.slug


def draft_page(
    request: StaffRequest, template: str, draft: Draft, context: Mapping[str, object]
) -> HttpResponse:
    """Answer with a page of a draft. The template extends `staff/contract_base.html`."""
    return slug_page(request, template, draft.slug, name_of(draft), {"draft": draft, **context})


def slug_page(
    request: StaffRequest, template: str, slug: str, name: str, context: Mapping[str, object]
) -> HttpResponse:
    """Answer with a page about a contract that may not exist yet: `is_new` says so."""
    contract = find_contract(slug)
    given: dict[str, object] = {"name": name, "is_new": contract is None}
    if contract is None:
        given["contract_tabs"] = ()
        contract = Contract(slug=slug, name=name)
    return contract_page(request, template, contract, "draft", {**given, **context})


def toml_of(draft: Draft) -> str:
    """Return a draft as TOML to edit: explained where it can be read, else as it stands."""
    document = read_content(draft.document).document
    if document is None:
        return values_to_toml(draft.document)
    return to_toml(document, comments="with comments")
