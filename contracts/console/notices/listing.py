"""The notices of a contract as its page lists them: current, coming, past."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from contracts.console.services.notices import list_open
from tenants.banners import Banner, banners_of
from tenants.configuration.document import ContractDocument
from tenants.models import Contract, ContractNotice

PAST_SHOWN: Final = 50


@dataclass(frozen=True)
class NoticeLists:
    """What is on the pages now, what will be, what was; those of the document beside them."""

    current: Sequence[ContractNotice]
    coming: Sequence[ContractNotice]
    past: Sequence[ContractNotice]
    of_document: Sequence[Banner]


def list_notices(
    contract: Contract, document: ContractDocument | None, *, at: datetime
) -> NoticeLists:
    """Return the notices of a contract (two queries); of the past ones the latest."""
    standing = list(list_open(contract.pk, at=at).order_by("from_at", "id"))
    others = contract.notices.exclude(pk__in=[one.pk for one in standing])
    past = others.select_related("replaced_by").order_by("-published_at", "-id")[:PAST_SHOWN]
    written = banners_of(document.notices) if document else ()
    return NoticeLists(
        current=[one for one in standing if one.from_at <= at],
        coming=[one for one in standing if one.from_at > at],
        past=list(past),
        of_document=[one for one in written if one.until_at > at],
    )
