"""What the tests of the access review share: a contract that asks, and its Mondays."""

from datetime import UTC, datetime

from core.accounts.models import User
from core.groups.models import Membership, ReviewStart
from core.groups.services.reviews import Term, confirm_roles
from core.notifications.models import LocalMessage, OutboxMessage
from tenants import registry
from tenants.context import ActiveContract
from tests.support.people import START, deliver_all
from tests.support.publishing import publish_change


def morning(month: int, day: int) -> datetime:
    """Return half past six in the morning in the east."""
    return datetime(2026, month, day, 10, 30, tzinfo=UTC)


# Thirty days after the beginning, on the next Monday, and what comes before and after it.
SOON, DUE, LAST, ENDS = morning(3, 23), morning(4, 6), morning(4, 13), morning(4, 20)


def asking(slug: str = "wv-bh", unconfirmed: str = "keep") -> ActiveContract:
    """Let a contract ask for a review every 30 days, from the start of the tests on."""
    publish_change(
        slug, groups__access_review_days=30, groups__access_review_unconfirmed=unconfirmed
    )
    contract = registry.get_contract(slug)
    ReviewStart.objects.create(contract_id=contract.id, began_at=START)
    return contract


def held_by(user: User) -> Membership:
    return Membership.objects.get(user=user, until__isnull=True)


def term_of(user: User, began_at: datetime = START) -> Term:
    return Term(held_by(user).id, began_at)


def confirm(contract: ActiveContract, *users: User, by: User, at: datetime = DUE) -> int:
    terms = [term_of(user) for user in users]
    return confirm_roles(terms=terms, contract=contract, by=by.id, at=at)


def mails(kind: str) -> list[tuple[str, str]]:
    """Return to whom mails of a kind went, and what they say."""
    deliver_all()
    sent = LocalMessage.objects.filter(
        message_id__in=OutboxMessage.objects.filter(kind=kind).values("id")
    )
    return sorted((one.to, " ".join(one.text.split())) for one in sent.order_by("sent_at"))
