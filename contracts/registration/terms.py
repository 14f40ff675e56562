"""The terms of use as they are shown and as their acceptance is kept. Pure."""

import hashlib
import json

from tenants.configuration.document import ContractDocument, TermsVersion


def terms_digest(terms: TermsVersion) -> str:
    """Return the SHA-256 (hexadecimal) of a version's whole text, party included.

    Kept with each acceptance, so that nobody has to trust that a version was never edited.
    """
    content = terms.model_dump(mode="json", include={"version", "effective_on", "party", "text"})
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def find_terms(document: ContractDocument, version: str) -> TermsVersion | None:
    """Return the version of this name, or None."""
    return next((terms for terms in document.terms if terms.version == version), None)
