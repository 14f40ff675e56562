"""Accept or decline terms of use at a sign-in."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from contracts.evidence.services.records import AcceptedTerms
from contracts.registration.services.providers import accept_terms
from contracts.registration.terms import terms_digest
from core.audit.recording import record
from tenants.configuration.document import TermsVersion
from tenants.context import ActiveContract


@transaction.atomic
def accept_at_sign_in(
    *, user_id: UUID, contract: ActiveContract, terms: TermsVersion, at: datetime
) -> None:
    """Keep that an account accepted the text that the page showed. Records `terms.accepted`.

    Called by the page after it has compared the digest of what was shown with the present text.
    It stays accepted when the sign-in does not come to its end.
    """
    digest = terms_digest(terms)
    accept_terms(
        account_id=user_id,
        contract_id=contract.id,
        terms=AcceptedTerms(terms.version, digest, at),
    )
    _record("terms.accepted", user_id, contract, terms, at)


@transaction.atomic
def decline_at_sign_in(
    *, user_id: UUID, contract: ActiveContract, terms: TermsVersion, at: datetime
) -> None:
    """Note that an account declined; nothing of it changes. Records `terms.declined`."""
    _record("terms.declined", user_id, contract, terms, at)


def _record(
    event: str, user_id: UUID, contract: ActiveContract, terms: TermsVersion, at: datetime
) -> None:
    record(
        event,
        contract_id=contract.id,
        actor_id=user_id,
        subject=("account", user_id),
        data={"version": terms.version, "sha256": terms_digest(terms)},
        at=at,
    )
