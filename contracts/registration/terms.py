"""The terms of use as they are shown and as their acceptance is kept. Pure."""

import hashlib
import json
from collections.abc import Collection
from datetime import date

from tenants.configuration.document import ContractDocument, TermsVersion

_LONGEST_TITLE = 5


def terms_digest(terms: TermsVersion) -> str:
    """Return the SHA-256 (hexadecimal) of a version's whole text, party included.

    Kept with each acceptance, so that nobody has to trust that a version was never edited.
    """
    content = terms.model_dump(mode="json", include={"version", "effective_on", "party", "text"})
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def split_title(paragraph: str) -> tuple[str, str]:
    """Return the run-in title of a paragraph and the rest: `Your account. One account …`.

    A title is a first sentence of at most five words without a comma; "" where there is none. For
    reading only: what is accepted and kept is the text as it stands.
    """
    first, stop, rest = paragraph.partition(". ")
    is_title = stop and rest and len(first.split()) <= _LONGEST_TITLE and "," not in first
    return (first, rest) if is_title else ("", paragraph)


def find_terms(document: ContractDocument, version: str) -> TermsVersion | None:
    """Return the version of this name, or None."""
    return next((terms for terms in document.terms if terms.version == version), None)


def terms_are_due(
    document: ContractDocument, accepted: Collection[str], *, on: date
) -> TermsVersion | None:
    """Return the version to accept on a day, or None when nothing is to be asked.

    `accepted` are the digests of the texts that an account accepted in this contract. Who has
    accepted none is asked. Of later texts only those that say so ask again (`reaccept`); one that
    does makes the present text due, whatever the present one says itself.
    """
    current = document.current_terms(on)
    digests = {terms_digest(terms): terms for terms in document.terms}
    if terms_digest(current) in accepted:
        return None
    known = [digests[sha256].effective_on for sha256 in accepted if sha256 in digests]
    since = max(known, default=date.min)
    newer = [terms for terms in document.terms if since < terms.effective_on <= on]
    asks = not accepted or any(terms.reaccept for terms in [*newer, current])
    return current if asks else None
