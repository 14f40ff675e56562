"""Plan, publish and roll back a contract's configuration."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, ClassVar, cast

from django.db import transaction
from django.http import Http404, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import parse_etags
from pydantic import AwareDatetime, Field, StringConstraints
from rest_framework.request import Request

from contracts.api.door import ApiView, answer
from contracts.api.json_bodies import Body, document_pointer
from contracts.api.resources.contracts import (
    Configuration,
    ContractsView,
    configuration_answer,
    tag_of,
)
from contracts.api.resources.publications import PublicationFacts, shape_of
from contracts.api.schema import TAGGED, describe
from contracts.api.shapes import Shape
from contracts.console.access import access_revision
from contracts.console.gates import failures_for, plan_for
from contracts.console.publications.rights import (
    find_contract,
    needs_approval,
    require_publishing,
)
from contracts.console.services.carrying_out import put_in_force
from contracts.console.services.publications import Wish, plan_publication
from contracts.console.services.rolling_back import rollback_note
from contracts.console.tasks import carry_out_publication
from core.common.problems import FieldError, Problem
from core.notifications.tasks import tell_workers
from core.staff.contract_access import access_contract
from core.staff.permissions import StaffPermission
from tenants.configuration.document import ContractDocument
from tenants.configuration.gates import GateFailure
from tenants.configuration.loading import read_contract
from tenants.configuration.publishing import plan_contract
from tenants.configuration.refusals import GatesClosedError, PublishedMeanwhileError
from tenants.configuration.revisions import read_contract_revision
from tenants.models import Contract

_VIEW, _CONFIGURE = StaffPermission.CONTRACTS_VIEW, StaffPermission.CONTRACTS_CONFIGURE
_PUBLISH, _PROVISION = StaffPermission.CONTRACTS_PUBLISH, StaffPermission.CONTRACTS_PROVISION
_TAG = "Configuration"

Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=r"\S", max_length=250),
    Field(description="Kept in the history and the audit trail."),
]
Document = Annotated[
    dict[str, Any], Field(description="A contract's document, as `/schemas/contract.json` has it.")
]


class PlanWanted(Body):
    """A document to look at."""

    document: Document


class PublicationWanted(PlanWanted):
    """A document to publish."""

    reason: Reason
    due_at: AwareDatetime | None = Field(None, description="Not before this moment; null: now.")


class RollbackWanted(Body):
    """An earlier revision to publish again."""

    revision: int = Field(ge=1, le=2_147_483_647)
    reason: Reason


class FieldChange(Shape):
    """A field that differs; null where it is not there."""

    field: str
    before: Any
    after: Any


class ClosedGate(Shape):
    """Why a document cannot be published."""

    gate: str
    field: str
    message: str


class PlanFacts(Shape):
    """What publishing a document would do."""

    is_new: bool
    base: int | None = Field(description="The revision that is published now.")
    changes: list[FieldChange]
    closed_gates: list[ClosedGate] = Field(description="Empty: it may be published.")
    stricter: list[str] = Field(
        description="Policy fields that get stricter: publishing ends people's sessions."
    )
    needs_approval: bool = Field(description="Somebody else has to approve it.")


class PlansView(ApiView):
    """`/api/v1/plans/`"""

    rights: ClassVar = {"POST": _CONFIGURE}
    sees: ClassVar = _VIEW

    @describe(
        "plan_configuration",
        "What publishing a document would do",
        takes=PlanWanted,
        gives=PlanFacts,
        tag=_TAG,
    )
    def post(self, request: Request) -> HttpResponse:
        """Compare a document with what is published and ask every gate. Changes nothing."""
        document = read_contract(self.read(PlanWanted).document)
        contract = self._reach(document)
        plan = plan_for(self.staff, plan_contract(document=document, at=self.at))
        facts = PlanFacts(
            is_new=plan.is_new,
            base=plan.base,
            changes=[FieldChange.model_validate(one) for one in plan.changes],
            closed_gates=[ClosedGate.model_validate(one) for one in plan.failures],
            stricter=list(plan.stricter),
            needs_approval=needs_approval(self.staff, contract),
        )
        return answer(facts)

    def _reach(self, document: ContractDocument) -> Contract | None:
        """Return the contract in reach; a new one is planned by who makes contracts."""
        contract = find_contract(document.contract.slug)
        if self.staff.scope(_PROVISION).everywhere and contract is None:
            return None
        return access_contract(self.staff, document.contract.slug, _CONFIGURE)


class ContractsWriteView(ContractsView):
    """`/api/v1/contracts/`, with what makes one."""

    rights: ClassVar = {**ContractsView.rights, "POST": _PROVISION}
    besides: ClassVar = {"POST": [_PUBLISH]}

    @describe(
        "create_contract",
        "Make a contract",
        takes=PublicationWanted,
        gives=PublicationFacts,
        tag="Contracts",
        status=202,
        writes=True,
    )
    def post(self, request: Request) -> HttpResponse:
        """Have a new contract provisioned from its document; the publication says how far it is."""
        wanted = self.read(PublicationWanted)
        document = read_contract(wanted.document)
        require_publishing(self.staff, None)
        return self.once(lambda: publish(self, document, None, wanted.reason, wanted.due_at))


class ConfigurationView(ApiView):
    """`/api/v1/contracts/<slug>/configuration/`"""

    rights: ClassVar = {"GET": _VIEW, "PUT": _CONFIGURE}
    sees: ClassVar = _VIEW

    @describe(
        "read_configuration", "What is published", gives=Configuration, tag=_TAG, query=[TAGGED]
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Return the published document, with the ETag that changing it needs."""
        present = configuration_answer(access_contract(self.staff, slug))
        same = get_conditional_response(self.raw, etag=present.headers["ETag"], response=present)
        return cast("HttpResponse", same)

    @describe(
        "publish_configuration",
        "Publish a document",
        takes=PublicationWanted,
        gives=PublicationFacts,
        tag=_TAG,
        status=202,
        writes=True,
        conditional=True,
    )
    def put(self, request: Request, slug: str) -> HttpResponse:
        """Have a document published, or approved first where two people decide.

        If somebody published since the ETag was read, nothing is done: 412 with what is there now.
        """
        contract = access_contract(self.staff, slug, _CONFIGURE)
        wanted = self.read(PublicationWanted)
        document = read_contract(wanted.document)
        if document.contract.slug != slug:
            said = f"This is the address of {slug}."
            raise Problem(
                422, "document_invalid", said, errors=[FieldError("/document/contract/slug", said)]
            )
        if not needs_approval(self.staff, contract):
            require_publishing(self.staff, contract)
        return self.once(lambda: publish(self, document, contract, wanted.reason, wanted.due_at))


class RollbackView(ApiView):
    """`/api/v1/contracts/<slug>/rollback/`"""

    rights: ClassVar = {"POST": _PUBLISH}
    sees: ClassVar = _VIEW

    @describe(
        "roll_back",
        "Publish an earlier revision again",
        takes=RollbackWanted,
        gives=PublicationFacts,
        tag=_TAG,
        status=202,
        writes=True,
        conditional=True,
    )
    def post(self, request: Request, slug: str) -> HttpResponse:
        """Have an earlier revision published as a new one; every gate is asked anew."""
        contract = access_contract(self.staff, slug, _PUBLISH)
        wanted = self.read(RollbackWanted)
        found = access_revision(self.staff, slug, wanted.revision, _PUBLISH)
        document = read_contract_revision(found)
        note = rollback_note(found, wanted.reason)
        return self.once(lambda: publish(self, document, contract, note, None))


def base_of(view: ApiView, contract: Contract) -> int:
    """Return the revision that If-Match names. Raises Problem: 428 without, 412 for another.

    A `*` names no revision, and is as good as none.
    """
    given = parse_etags(view.request.headers.get("If-Match", ""))
    if given in ([], ["*"]):
        detail = (
            "Send the ETag of the configuration that your change is based on, as it came, with its "
            "quotation marks."
        )
        raise Problem(428, "precondition_missing", detail)
    revision = contract.revision
    if revision is None:
        raise Http404
    if tag_of(revision) not in given:
        raise changed_meanwhile(contract)
    return revision.number


def changed_meanwhile(contract: Contract | None) -> Problem:
    """Return what a write on a base that is not published any more is answered."""
    revision = contract.revision if contract else None
    tag = tag_of(revision) if revision else ""
    present = {
        "revision": revision.number if revision else None,
        "etag": tag,
        "document": revision.document if revision else None,
    }
    return Problem(
        412,
        "changed_meanwhile",
        "Another revision is published than your change is based on. Nothing was done: make it on "
        "`present`, and send its `etag`.",
        headers={"ETag": tag} if tag else {},
        more={"present": present},
    )


def publish(
    view: ApiView,
    document: ContractDocument,
    contract: Contract | None,
    note: str,
    due_at: datetime | None,
) -> HttpResponse:
    """Write down what is to be published, and tell a worker once that stands. 202.

    What nobody has to approve is in force with the answer, so that of two on one ETag the second
    gets 412. A new contract is provisioned by the worker.
    """
    base = base_of(view, contract) if contract else None
    present = find_contract(document.contract.slug)
    if base is None and present is not None and present.revision_id is not None:
        raise _contract_exists()
    asks = needs_approval(view.staff, present)
    wish = Wish(document, base, note[:300], due_at, needs_approval=asks, token_id=view.token.pk)
    try:
        made = plan_publication(wish=wish, author=view.staff.user, at=view.at)
        if base is not None and not asks and made.due_at <= view.at:
            put_in_force(publication=made, at=view.at)
    except PublishedMeanwhileError as error:
        if base is None:  # it was made at this moment; what it says is not the maker's to read
            raise _contract_exists() from error
        raise changed_meanwhile(find_contract(document.contract.slug)) from error
    except GatesClosedError as error:
        raise gates_closed(failures_for(view.staff, error.failures)) from error
    transaction.on_commit(lambda: tell_workers(carry_out_publication, str(made.pk)))
    location = f"/api/v1/contracts/{made.slug}/publications/{made.pk}/"
    return answer(shape_of(made), status=202, headers={"Location": location})


def _contract_exists() -> Problem:
    return Problem(409, "contract_exists", "There is a contract with this slug already.")


def gates_closed(failures: Iterable[GateFailure]) -> Problem:
    """Return why a valid document is not published, field by field."""
    errors = [
        FieldError(document_pointer(one.field), f"{one.message} [{one.gate}]") for one in failures
    ]
    detail = (
        "The document is valid, but a gate keeps it from being published. Mend what `errors` name. "
        "A gate that is a rule of the default preset can be waived: add the rule to `waivers` of "
        "the document, with the reason and the last day."
    )
    return Problem(409, GatesClosedError.code, detail, errors=errors)
