"""The page of the access review: the roles of one contract, the ones that are due first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.core.paginator import Page
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404

from core.accounts.models import User
from core.common.http import key_or_404
from core.groups.models import Membership, ReviewStage, Role
from core.groups.permissions import Permission
from core.groups.reach import Reach, list_reached_memberships, list_reached_providers
from core.groups.reviewing.rules import ReviewRules, due_day, rules_of, stage_of, today
from core.groups.reviewing.terms import may_be_confirmed_by, waiting_notices, with_terms
from core.groups.roles import RoleTerms, terms_of
from core.groups.services.reviews import Term
from core.groups.setup import page_of, with_person_words
from tenants.context import ActiveContract

_STAFF: Final = "staff of the program"
_BETWEEN: Final = "|"


@dataclass(frozen=True)
class ReviewRow:
    """One role, when it is due, and who stood for it last."""

    membership: Membership
    key: str
    """What the form calls the role as it is now."""
    due_on: date
    is_due: bool
    is_soon: bool
    is_theirs: bool
    """Whether the admin may confirm it: their own role is another admin's to confirm."""
    counted_on: datetime
    confirmed_by: str
    was_confirmed: bool

    @property
    def role(self) -> RoleTerms:
        """Return the role."""
        return terms_of(self.membership.role, self.membership.contract_id)

    @property
    def place(self) -> str:
        """Return the name of the provider or the group that it is for."""
        return str(self.membership.provider or self.membership.group)


@dataclass(frozen=True)
class ReviewPage:
    """What the page shows."""

    contract: ActiveContract
    rules: ReviewRules
    others: Sequence[ActiveContract]
    """The person's other contracts that ask for a review."""
    page: Page[Membership]
    rows: Sequence[ReviewRow]

    @property
    def has_choices(self) -> bool:
        """Tell whether anything on the page can be confirmed."""
        return any(row.is_theirs for row in self.rows)


def contracts_asking(reach: Reach) -> list[ActiveContract]:
    """Return the contracts in reach that have an access review."""
    return [one for one in reach.contracts if rules_of(one)]


def contract_to_review(reach: Reach, slug: str) -> ActiveContract:
    """Return the contract of the page, the first where none is named. Raises Http404."""
    asking = contracts_asking(reach)
    found = next((one for one in asking if one.slug == slug or not slug), None)
    if found is None:
        raise Http404
    return found


def within(reach: Reach, contract: ActiveContract) -> QuerySet[Membership]:
    """Return the roles that an admin manages for the providers of one contract."""
    here = replace(reach, contracts=(contract,))
    return list_reached_memberships(here, Permission.ACCESS_REVIEW)


def list_waiting_reviews(reach: Reach) -> QuerySet[Membership]:
    """Return the roles of which an admin was told that they are to be confirmed."""
    asking = [one.id for one in contracts_asking(reach)]
    own = Membership.objects.filter(user=reach.actor, role=Role.GROUP_ADMIN, until__isnull=True)
    managed = list_reached_providers(reach, Permission.ACCESS_REVIEW)
    told = waiting_notices(reach.actor.id, managed, own.values("group"))
    return Membership.objects.filter(
        pk__in=told.filter(contract_id__in=asking).values("membership")
    )


def review_page(
    reach: Reach, contract: ActiveContract, *, words: Iterable[str], number: str, at: datetime
) -> ReviewPage:
    """Return one page of the roles, the longest unconfirmed first (three queries)."""
    rules = rules_of(contract)
    if rules is None:
        raise Http404
    found: QuerySet[Any] = with_terms(within(reach, contract), contract, at=at)
    for word in words:
        people = with_person_words(User.objects.all(), [word])
        found = found.filter(Q(user__in=people) | Q(provider__name__icontains=word))
    found = found.annotate(is_theirs=may_be_confirmed_by(reach.actor.id))
    page = page_of(found.order_by("term_began_at", "id"), number)
    names = _names_of(page)
    return ReviewPage(
        contract=contract,
        rules=rules,
        others=[one for one in contracts_asking(reach) if one.id != contract.id],
        page=page,
        rows=[_row(one, rules, names, at=at) for one in page],
    )


def read_terms(texts: Iterable[str]) -> list[Term]:
    """Return what a form names. Raises Http404 for what no page of ours has made."""
    terms = []
    for text in texts:
        key, _, moment = text.partition(_BETWEEN)
        try:
            began_at = datetime.fromisoformat(moment)
        except ValueError as error:
            raise Http404 from error
        if began_at.tzinfo is None:
            raise Http404
        terms.append(Term(key_or_404(key), began_at))
    return terms


def _row(held: Any, rules: ReviewRules, names: dict[UUID, str], *, at: datetime) -> ReviewRow:
    due_on = due_day(held.term_began_at, rules)
    stage = stage_of(held.term_began_at, rules, at=at)
    # An account that registered or was imported was given its role by nobody else.
    giver = held.created_by if held.created_by != held.user_id else None
    standing: UUID | None = held.confirmed_by or giver
    return ReviewRow(
        membership=held,
        key=f"{held.id}{_BETWEEN}{held.term_began_at.isoformat()}",
        due_on=due_on,
        is_due=due_on <= today(at, rules.time_zone),
        is_soon=stage == ReviewStage.SOON,
        is_theirs=held.is_theirs,
        counted_on=held.confirmed_at or held.since,
        confirmed_by=names.get(standing, "") if standing else "",
        was_confirmed=held.confirmed_at is not None,
    )


def _names_of(roles: Iterable[Any]) -> dict[UUID, str]:
    """Return what to call who confirmed or gave the roles; strangers to their groups have no name.

    One query.
    """
    groups = {one.within for one in roles}
    keys = {key for one in roles for key in (one.confirmed_by, one.created_by) if key}
    held = Membership.objects.filter(
        Q(group__in=groups) | Q(provider__group__in=groups), user=OuterRef("pk")
    )
    people = User.objects.filter(pk__in=keys).annotate(is_known=Exists(held))
    return {
        one.id: one.get_full_name() if one.is_known else _STAFF
        for one in people
        if one.is_known or one.is_staff_member
    }
