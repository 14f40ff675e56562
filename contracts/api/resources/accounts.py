"""Accounts for the help desk: look one up with a reason, read it, act on it."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import URLPattern, path
from pydantic import Field, StringConstraints
from rest_framework.request import Request

from contracts.api.door import ApiView, answer
from contracts.api.json_bodies import Body
from contracts.api.schema import describe
from contracts.api.shapes import Shape
from core.common.problems import FieldError, Problem
from core.common.turns import hold_turn
from core.mfa.models import FactorKind
from core.mfa.selectors import kinds_in_hand
from core.staff.account_access import access_account
from core.staff.account_facts import AccountFacts, facts_of_account
from core.staff.acting import require_right
from core.staff.acts import ACTS, Act, ActNotPossibleError, offered_acts
from core.staff.lookups import token_looked_up
from core.staff.people import Search, SearchBy
from core.staff.permissions import StaffPermission
from core.staff.services.finding import Found, find_people
from core.staff.services.refusals import record_staff_refusal
from tenants import registry

_VIEW: Final = StaffPermission.USERS_VIEW
_TAG: Final = "Accounts"
_STATES: Final = ["active", "dormant", "closed"]
WhyAsked = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=r"\S", max_length=300),
    Field(description="Kept in the audit trail: a ticket, what was said."),
]
"""As long as the pages of the help desk take one."""


class LookUp(Body):
    """Whom somebody looks for, and why. It goes in a body: addresses are logged, bodies are not."""

    by: SearchBy
    value: Annotated[
        str,
        StringConstraints(strip_whitespace=True, pattern=r"\S", max_length=254),
        Field(description="Exactly as it is."),
    ]
    contract: str | None = Field(
        None, max_length=63, description="The slug of the contract of an identifier."
    )
    reason: WhyAsked


class ReasonGiven(Body):
    """Why something is done."""

    reason: WhyAsked


class FoundAccount(Shape):
    """An account that a look-up led to; it can be read for half an hour."""

    id: UUID
    username: str
    name: str


class FoundRegistration(FoundAccount):
    """A registration that has made no account yet."""

    contract_id: UUID


class FoundPeople(Shape):
    """What a look-up led to: empty for what is unknown, and for whom the token does not reach."""

    accounts: list[FoundAccount]
    registrations: list[FoundRegistration] = Field(description="With registrations.view alone.")


class AccountRole(Shape):
    """A role at a provider."""

    contract_id: UUID | None = Field(description="Null for what is in no contract.")
    where: str
    role: str
    since: datetime


class Account(Shape):
    """An account: never a secret, a number or a whole address."""

    id: UUID
    username: str
    name: str
    masked_email: str
    state: str = Field(
        json_schema_extra={"enum": [*_STATES]}, description="`dormant`: not used for too long."
    )
    closed_at: datetime | None
    is_locked: bool
    locked_at: datetime | None
    locked_until: datetime | None = Field(description="Null: until somebody opens it.")
    factors: list[str] = Field(
        description="Kinds of second factors; without any, MFA registration is not finished.",
        json_schema_extra={"items": {"type": "string", "enum": [*FactorKind.values]}},
    )
    contracts: list[UUID] = Field(description="Those that the token reaches.")
    other_contracts: int
    roles: list[AccountRole] = Field(description="Those that the token reaches.")
    other_roles: int
    last_used_at: datetime | None
    acts: list[str] = Field(
        description="What the token may do to it as it is now.",
        json_schema_extra={"items": {"type": "string", "enum": [*ACTS]}},
    )


class LookUpView(ApiView):
    """`/api/v1/accounts/look-up/`"""

    rights: ClassVar = {"POST": _VIEW}

    @describe(
        "look_up",
        "Look somebody up",
        takes=LookUp,
        gives=FoundPeople,
        tag=_TAG,
        also={422: "An identifier was looked for without its contract."},
    )
    def post(self, request: Request) -> HttpResponse:
        """Find accounts by an exact address, username, or identifier of a provider.

        Each search is recorded with its reason. What is found can be read and acted on by the same
        token for half an hour.
        """
        wanted: LookUp = self.read(LookUp)
        search = self._search(wanted)
        found = find_people(staff=self.staff, search=search, reason=wanted.reason, at=self.at)
        return answer(_found(found))

    def _search(self, wanted: LookUp) -> Search:
        """Return what is looked for. Raises Problem, and Http404 for a contract out of reach."""
        contract = registry.find_contract(wanted.contract) if wanted.contract else None
        reach = self.staff.scope(_VIEW)
        if wanted.contract and (contract is None or not reach.covers(contract.id)):
            raise Http404
        if wanted.by is not SearchBy.IDENTIFIER:
            return Search(wanted.by, wanted.value, None)
        if contract is None:
            said = "Name the contract that the identifier belongs to."
            raise Problem(422, "contract_missing", said, errors=[FieldError("/contract", said)])
        return Search(wanted.by, wanted.value, contract.id)


class AccountView(ApiView):
    """`/api/v1/accounts/<id>/`"""

    rights: ClassVar = {"GET": _VIEW}

    @describe("read_account", "An account that was looked up", gives=Account, tag=_TAG)
    def get(self, request: Request, account_id: UUID) -> HttpResponse:
        """Return an account as it is now. 403 until this token has looked it up."""
        facts = load(self, account_id)
        require_lookup(self, account_id)
        return answer(shape_of(self, facts))


class _ActView(ApiView):
    """`/api/v1/accounts/<id>/<act>/`"""

    sees: ClassVar = _VIEW
    act: ClassVar[Act]

    def carry_out(self, account_id: UUID) -> HttpResponse:
        """Do the act of the address, as the page of the account does."""
        self.require(_VIEW)
        reason = self.read(ReasonGiven).reason
        facts = load(self, account_id)
        self._leave_staff_to_people(facts)
        held = self.act.allowed_to(self.staff, facts)
        require_right(self.staff, self.act.permission, held=held, about=account_id)
        return self.once(lambda: self._act(account_id, reason))

    def _leave_staff_to_people(self, facts: AccountFacts) -> None:
        """Refuse an act on a colleague, and record it: no token carries `staff.manage`.

        Raises Problem. Who has not looked the account up learns no more than that they have to.
        """
        if not facts.user.is_staff_member:
            return
        require_lookup(self, facts.user.pk)
        record_staff_refusal(
            user_id=self.staff.user.pk,
            permission=StaffPermission.STAFF_MANAGE,
            contract_id=None,
            at=self.at,
            about=facts.user.pk,
        )
        detail = "It belongs to staff. Who manages staff acts on it, on the pages."
        raise Problem(403, "staff_account", detail)

    def _act(self, account_id: UUID, reason: str) -> HttpResponse:
        """Act on the account as it is now; of two at once, the second sees what the first did."""
        require_lookup(self, account_id)
        hold_turn("api-account-act", str(account_id))
        if not self.act.fits(present := load(self, account_id)):
            raise ActNotPossibleError(facts=_standing(self, present))
        by = self.staff.user.pk
        self.act.carry_out(user_id=account_id, reason=reason, by=by, at=self.at)
        return answer(shape_of(self, load(self, account_id)))


def _view_of(act: Act) -> type[_ActView]:
    """Return the call that does an act."""

    def post(self: _ActView, request: Request, account_id: UUID) -> HttpResponse:
        return self.carry_out(account_id)

    post.__doc__ = f"{act.explains} 403 until this token has looked the account up."
    described = describe(
        f"{act.name}_account", act.label, takes=ReasonGiven, gives=Account, tag=_TAG, writes=True
    )
    name = f"{act.name.title().replace('_', '')}View"
    parts = {"act": act, "rights": {"POST": act.permission}, "post": described(post)}
    return type(name, (_ActView,), parts)


def act_addresses() -> list[URLPattern]:
    """Return the addresses of what can be done to an account."""
    return [
        path(
            f"accounts/<uuid:account_id>/{act.name.replace('_', '-')}/",
            _view_of(act).as_view(),
            name=f"account_{act.name}",
        )
        for act in ACTS.values()
    ]


def load(view: ApiView, account_id: UUID) -> AccountFacts:
    """Return an account as staff see it now, without its events. Raises Http404."""
    user = access_account(view.staff, account_id)
    return facts_of_account(view.staff, user, at=view.at, events=0)


def require_lookup(view: ApiView, account_id: UUID) -> None:
    """See that the token has looked an account up a short time ago. Raises Problem."""
    if not token_looked_up(view.token, account_id, at=view.at):
        detail = "Find it with a reason: it can be read and acted on for half an hour then."
        raise Problem(403, "look_up_first", detail)


def shape_of(view: ApiView, facts: AccountFacts) -> Account:
    """Return an account as the API gives it to a token."""
    user, scope = facts.user, view.staff.scope(_VIEW)
    seen = sorted(key for key in facts.contract_ids if scope.covers(key))
    return Account(
        id=user.pk,
        username=user.username,
        name=user.get_full_name(),
        masked_email=facts.masked_email,
        state="active" if user.is_active else "dormant" if user.is_dormant else "closed",
        closed_at=user.deactivated_at,
        is_locked=facts.is_locked,
        locked_at=user.locked_at if facts.is_locked else None,
        locked_until=user.lock_until if facts.is_locked else None,
        factors=sorted(kinds_in_hand(user)),
        contracts=seen,
        other_contracts=len(facts.contract_ids) - len(seen),
        roles=[AccountRole.model_validate(role) for role, _contract in facts.roles],
        other_roles=facts.other_roles,
        last_used_at=user.last_used_at,
        acts=[act.name for act in offered_acts(view.staff, facts)],
    )


def _standing(view: ApiView, facts: AccountFacts) -> dict[str, Any]:
    """Return what an account's state is, and what can be done to it."""
    return shape_of(view, facts).model_dump(include={"state", "is_locked", "acts"})


def _found(found: Found) -> FoundPeople:
    return FoundPeople(
        accounts=[
            FoundAccount(id=user.pk, username=user.username, name=user.get_full_name())
            for user in found.accounts
        ],
        registrations=[FoundRegistration.model_validate(one) for one in found.registrations],
    )
