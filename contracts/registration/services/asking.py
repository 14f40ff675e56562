"""Ask to join from outside: the same for right numbers and for wrong ones.

Nobody outside is told whether a provider is registered. Every refusal opens an offer, every offer
takes a name and an address, and a worker passes on what belongs to a provider (docs/adr/0021).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from contracts.registration.kinds import JOIN_ASKED_KIND, NOBODY
from contracts.registration.models import JoinOffer
from core.groups.models import Provider, ProviderStatus
from core.groups.services.join_requests import Asker, ask_from_outside
from core.notifications.services.outbox import enqueue

OFFER_LIFE: Final = timedelta(hours=1)
"""Own figure: enough to fill in three fields."""
TYPED_LIFE: Final = timedelta(days=1)
"""Own figure: how long what was typed waits for a worker, with the broker away or the mail late."""
_NOBODYS: Final = (UUID(int=0), "-")


def open_offer(units: Iterable[tuple[UUID, str]], *, at: datetime) -> JoinOffer:
    """Keep which registered providers the numbers of a refused registration were right for.

    Called for every refusal outside; `units` are contract and unit key, none for wrong numbers,
    for which as much is looked up and written.
    """
    wanted = Q()
    for contract_id, unit_key in list(units) or [_NOBODYS]:
        wanted |= Q(contract_id=contract_id, unit_key=unit_key)
    taken = Provider.objects.filter(wanted, status=ProviderStatus.ACTIVE)
    return JoinOffer.objects.create(
        provider_ids=list(taken.values_list("id", flat=True)),
        created_at=at,
        expires_at=at + OFFER_LIFE,
    )


def find_offer(offer_id: UUID, *, at: datetime) -> JoinOffer | None:
    """Return an offer that is not over, or None."""
    return JoinOffer.objects.filter(id=offer_id, expires_at__gt=at).first()


@transaction.atomic
def take_offer(*, offer_id: UUID, asker: Asker, at: datetime) -> None:
    """Keep what somebody typed until a worker passes it on; only once for each offer.

    Called by the public page. Writes a row into the outbox, whatever the offer is worth.
    """
    waiting = JoinOffer.objects.filter(id=offer_id, asked_at=None, expires_at__gt=at)
    taken = waiting.update(
        email=asker.email,
        first_name=asker.first_name,
        last_name=asker.last_name,
        note=asker.note,
        asked_at=at,
        expires_at=at + TYPED_LIFE,
    )
    if taken:
        enqueue(kind=JOIN_ASKED_KIND, to=NOBODY, subject_id=offer_id, at=at)


@transaction.atomic
def pass_on(*, offer_id: UUID, at: datetime) -> None:
    """Make the requests to join that an offer gives the right to, and forget what was typed.

    Called by the worker that has the outbox's row in hand. Twice is once.
    """
    offer = JoinOffer.objects.select_for_update().filter(id=offer_id).exclude(email="").first()
    if offer is None:
        return
    asker = Asker(offer.email, offer.first_name, offer.last_name, offer.note)
    ask_from_outside(asker=asker, provider_ids=offer.provider_ids, at=at)
    offer.email = offer.first_name = offer.last_name = offer.note = ""
    offer.save(update_fields=["email", "first_name", "last_name", "note"])
