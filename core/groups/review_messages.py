"""The mail about roles that an admin is to confirm."""

from datetime import datetime

from django.db.models import Count, Q

from core.accounts.models import User
from core.accounts.policies import find_contract
from core.groups.models import ReviewStage
from core.groups.reach import Reach
from core.groups.reviewing.listing import within
from core.groups.reviewing.rules import rules_of, stage_reached_by
from core.groups.reviewing.terms import may_be_confirmed_by, with_terms
from core.groups.services.review_watch import REVIEW_KIND
from core.notifications.composing import compose_mail
from core.notifications.kinds import MessageKind, Rendered, Weight
from core.notifications.models import OutboxMessage
from tenants.routing import absolute_reverse


def prepare_review(message: OutboxMessage, at: datetime) -> Rendered | None:
    """Tell an admin how many roles are due, by number alone; None when there is nothing by now."""
    admin = User.objects.filter(pk=str(message.account_id), is_active=True).first()
    contract = find_contract(message.contract_id) if message.contract_id else None
    rules = rules_of(contract) if contract else None
    if admin is None or contract is None or rules is None:
        return None
    managed = within(
        Reach(admin, (contract,), left_out=0, entered=frozenset({contract.id})), contract
    )
    roles = with_terms(managed, contract, at=at).filter(may_be_confirmed_by(admin.id))
    due = stage_reached_by(ReviewStage.DUE, rules, at=at)
    soon = stage_reached_by(ReviewStage.SOON, rules, at=at)
    counts = roles.aggregate(
        due=Count("pk", filter=Q(term_began_at__lt=due)),
        soon=Count("pk", filter=Q(term_began_at__lt=soon, term_began_at__gte=due)),
    )
    if not counts["due"] and not counts["soon"]:
        return None
    context = {
        "admin": admin,
        "program": contract.name,
        "due": counts["due"],
        "soon": counts["soon"],
        "ends": rules.ends_unconfirmed,
        "suspends": rules.suspends,
        "link": absolute_reverse("setup:access_review", contract=contract),
    }
    return compose_mail(message, REVIEW_KIND, context)


KINDS = (
    MessageKind(
        name=REVIEW_KIND,
        channel="email",
        at_most_once=False,
        prepare=prepare_review,
        weight=Weight.NOTICE,
    ),
)
