"""Which images documents name, and forgetting those that none does."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.fields.json import KT

from contracts.console.models import Draft, PlannedPublication, PreviewLink
from core.accounts.services.attempts import Limit, count_attempt
from core.common.errors import DomainError
from core.common.purging import in_batches
from tenants.logos.encoding import EncodedLogo, encode_logo
from tenants.logos.stored import store_logo
from tenants.models import ContractRevision, DeploymentRevision, LogoImage, ProvisioningRun
from tenants.states import ContractState

UNNAMED_KEPT: Final = timedelta(days=7)
"""After the last upload: long enough to save the draft, or to publish the file that names it."""
_SENT: Final = (30, timedelta(hours=1))
"""So often somebody may send one. Own figure: decoding takes a web process, and each is kept."""
_LOGO: Final = "document__brand__logo"


class LogosOftenError(DomainError):
    """Somebody has sent so many logos that another has to wait."""

    code: ClassVar[str] = "logos_often"
    message: ClassVar[str] = "You have sent many logos within an hour. Send another one later."


def take_logo(*, content: bytes, by: UUID, at: datetime) -> EncodedLogo:
    """Take an image in, redrawn, for a document that is going to name it.

    Called by who configures a contract. Refused images count as well: they are decoded first.
    Raises LogosOftenError, LogoRefusedError.
    """
    attempts, window = _SENT
    limit = Limit("logo", str(by), attempts=attempts, window=window)
    if not count_attempt(limits=[limit], at=at).allowed:
        raise LogosOftenError
    logo = encode_logo(content)
    store_logo(logo=logo, by=by, at=at)
    return logo


def purge_logos(*, at: datetime) -> int:
    """Delete images that no document has named for days; returns how many were looked at.

    Called hourly. The rows are locked before it is asked who names them, and a publication locks
    what it names before it looks for it: so nothing is published without its logo.
    """
    old = LogoImage.objects.filter(stored_at__lt=at - UNNAMED_KEPT)
    named = named_logos(old.values_list("digest", flat=True))
    return in_batches(
        old.exclude(digest__in=named), lambda digests: delete_unnamed(digests=digests)
    )


def delete_unnamed(
    *, digests: Collection[str], using: str = "default", but_of: UUID | None = None
) -> None:
    """Delete those images that no document names. `but_of` is a contract that does not count.

    Called in a transaction that has locked the images.
    """
    unnamed = set(digests) - named_logos(digests, using=using, but_of=but_of)
    LogoImage.objects.using(using).filter(digest__in=unnamed).delete()


def named_logos(
    digests: Collection[str] | QuerySet[Any, Any],
    *,
    using: str = "default",
    but_of: UUID | None = None,
) -> set[str]:
    """Return those of the digests that a revision, draft or waiting document names.

    Every revision counts, because it can be gone back to; not those of deleted contracts.
    """
    wanted = set(digests)
    if not wanted:
        return set()
    revisions = ContractRevision.objects.using(using).exclude(contract=but_of)
    found = set(_logos(revisions.exclude(contract__state=ContractState.DELETED)))
    for model in (Draft, PlannedPublication, PreviewLink, ProvisioningRun):
        rows: QuerySet[Any, Any] = model._default_manager.using(using)  # noqa: SLF001
        found.update(_logos(rows))
    deployments = DeploymentRevision.objects.using(using).values_list("document", flat=True)
    for document in deployments:
        found.update(_anywhere(document))
    return wanted & found


def logos_of(contract_id: UUID, *, using: str = "default") -> QuerySet[Any, Any]:
    """Return the digests that a contract's revisions name, as a subquery."""
    return _logos(ContractRevision.objects.using(using).filter(contract=contract_id))


def _logos(rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    found: QuerySet[Any, Any] = rows.annotate(logo=KT(_LOGO)).exclude(logo=None)
    return found.values_list("logo", flat=True)


def _anywhere(document: Any) -> Iterator[str]:
    """Return the logos of every brand in the deployment's document."""
    if isinstance(document, dict):
        if isinstance(document.get("logo"), str):
            yield document["logo"]
        for value in document.values():
            yield from _anywhere(value)
    elif isinstance(document, list):
        for value in document:
            yield from _anywhere(value)
