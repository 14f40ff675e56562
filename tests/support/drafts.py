"""Drafts for tests."""

from typing import Any

from contracts.console.models import Draft
from contracts.console.services.drafts import create_draft
from core.accounts.models import User
from tenants.configuration.revisions import find_contract_revision, to_json
from tests.support.people import START
from tests.unit.configuration.documents import changed, sample


def make_draft(author: User, slug: str = "wv-bh", **fields: Any) -> Draft:
    """Begin somebody's draft of a program's present document, with fields set as `changed` does."""
    revision = find_contract_revision(slug)
    assert revision
    document = changed(sample(slug), **fields)
    return create_draft(
        slug=slug,
        author=author.id,
        base=revision.number,
        document=to_json(document),
        at=START,
    )
