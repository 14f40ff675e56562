"""Publish, change and end the notices of a contract: at once, without a revision."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from core.audit.recording import record
from core.common.errors import DomainError
from tenants import registry
from tenants.banners import Banner
from tenants.models import Contract, ContractNotice

MOST: Final = 10
"""Own figure: who meets more banners than these reads none. Every process keeps them in memory."""


class TooManyNoticesError(DomainError):
    """The contract has as many notices as it may."""

    code = "notices_too_many"
    message = f"There are {MOST} current and coming notices. End one first."


class NoticeChangedError(DomainError):
    """Somebody changed or ended the notice meanwhile, or its time is over."""

    code = "notice_changed"
    message = (
        "This notice was changed or ended meanwhile. Nothing was published. "
        "Go back to the list to see what stands there by now."
    )


@transaction.atomic
def publish_notice(
    *, contract_id: UUID, key: UUID, banner: Banner, by: UUID, at: datetime
) -> ContractNotice:
    """Publish a notice; every process shows it within a second.

    Called by staff who hold `notices.publish` in the contract. `key` is the form's: sent twice, it
    publishes once. Records `notice.published`. Raises TooManyNoticesError, and NoticeChangedError
    for a key that another contract has used.
    """
    _hold(contract_id)
    known = ContractNotice.objects.filter(pk=key).first()
    if known is not None and known.contract_id == contract_id:
        return known
    if known is not None:
        raise NoticeChangedError
    if list_open(contract_id, at=at).count() >= MOST:
        raise TooManyNoticesError
    notice = _add(ContractNotice(pk=key, contract_id=contract_id), banner, by=by, at=at)
    registry.announce()
    _record(notice, "notice.published", by=by, at=at)
    return notice


@transaction.atomic
def replace_notice(
    *, notice: ContractNotice, banner: Banner, by: UUID, at: datetime
) -> ContractNotice:
    """End a notice and publish another in its place. Of two at once the second is told.

    Called by staff who hold `notices.publish` in the contract. Records `notice.changed`, about the
    new one. Raises NoticeChangedError.
    """
    _hold(notice.contract_id)
    if not _end(notice, by=by, at=at):
        raise NoticeChangedError
    row = ContractNotice(contract_id=notice.contract_id, replaces=notice)
    changed = _add(row, banner, by=by, at=at)
    registry.announce()
    _record(changed, "notice.changed", by=by, at=at)
    return changed


@transaction.atomic
def end_notice(*, notice: ContractNotice, by: UUID, at: datetime) -> bool:
    """Take a notice off the pages, or a coming one back. False: it was over or changed already.

    Called by staff who hold `notices.publish` in the contract. Records `notice.ended`.
    """
    _hold(notice.contract_id)
    if not _end(notice, by=by, at=at):
        return False
    registry.announce()
    _record(notice, "notice.ended", by=by, at=at)
    return True


def list_open(contract_id: UUID, *, at: datetime) -> QuerySet[ContractNotice]:
    """Return the notices of a contract that are on its pages or will be."""
    return ContractNotice.objects.filter(contract_id=contract_id, ended_at=None, until_at__gt=at)


def _hold(contract_id: UUID) -> None:
    """Lock the contract: one change of its notices at a time."""
    Contract.objects.select_for_update(of=("self",)).only("id").get(pk=contract_id)


def _add(row: ContractNotice, banner: Banner, *, by: UUID, at: datetime) -> ContractNotice:
    row.text, row.level = banner.text, banner.level
    row.link_label, row.link_url = banner.link_label, banner.link_url
    row.from_at, row.until_at = banner.from_at, banner.until_at
    row.published_at, row.published_by = at, by
    row.save(force_insert=True)
    return row


def _end(notice: ContractNotice, *, by: UUID, at: datetime) -> bool:
    still = list_open(notice.contract_id, at=at).filter(pk=notice.pk)
    return bool(still.update(ended_at=at, ended_by=by))


def _record(notice: ContractNotice, event: str, *, by: UUID, at: datetime) -> None:
    record(
        event,
        contract_id=notice.contract_id,
        actor_id=by,
        subject=("contract_notice", notice.pk),
        data={
            "level": notice.level,
            "from_at": notice.from_at.isoformat(),
            "until_at": notice.until_at.isoformat(),
            "replaces": str(notice.replaces_id) if notice.replaces_id else None,
        },
        at=at,
    )
