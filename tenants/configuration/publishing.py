"""Publish documents: gates, an immutable revision, and every process told within a second.

Publishing names the revision that it is based on. When another one was published meanwhile, it is
refused with the difference between the two, so that nobody undoes another's work unseen.
Rolling back is publishing an earlier document again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from core.audit.recording import record
from core.common.turns import hold_turn
from tenants import registry
from tenants.configuration.approvals import Approval, Authorship, refuse_without_approval
from tenants.configuration.deployment import DeploymentDocument
from tenants.configuration.diff import Change, difference
from tenants.configuration.document import ContractDocument
from tenants.configuration.gate_contexts import contract_gate_context, deployment_gate_context
from tenants.configuration.gates import GateFailure, contract_failures, deployment_failures
from tenants.configuration.merge import stricter_fields
from tenants.configuration.refusals import ArchivedError, GatesClosedError, PublishedMeanwhileError
from tenants.configuration.revisions import (
    digest_of,
    document_of,
    find_deployment_revision,
    read_deployment_revision,
    to_json,
)
from tenants.logos.stored import hold_logos
from tenants.models import (
    Contract,
    ContractRevision,
    DeploymentRevision,
    Host,
    HostKind,
    ProvisioningStepName,
    schema_name_for,
)
from tenants.provisioning import ensure_schema
from tenants.provisioning_runs import begin_run, end_runs, recorded_step, settle_runs
from tenants.states import ContractState

_DEPLOYMENT_LOCK: Final = 0x706F7274616C  # "portal": one publisher of the deployment at a time
_MOST_FIELDS_IN_EVENT: Final = 200


@dataclass(frozen=True)
class Published:
    """A contract's published revision; `changed` is False when it was published before."""

    contract: Contract
    revision: ContractRevision
    changed: bool


@dataclass(frozen=True)
class PublishedDeployment:
    """The deployment's published revision; `changed` is False when it was published before."""

    revision: DeploymentRevision
    changed: bool


@dataclass(frozen=True)
class Plan:
    """What publishing a document would do."""

    base: int | None
    """The revision that is published now; None: there is none."""
    changes: tuple[Change, ...]
    failures: tuple[GateFailure, ...]
    stricter: tuple[str, ...]
    """Policy fields that get stricter: publishing ends the sessions of the contract's people."""
    is_new: bool


def plan_contract(*, document: ContractDocument, at: datetime) -> Plan:
    """Say what publishing a contract's document would change. Changes nothing itself."""
    contract = _find_contract(document.contract.slug)
    revision = contract.revision if contract else None
    published = document_of(revision)
    return Plan(
        base=revision.number if revision else None,
        changes=difference(published, document),
        failures=contract_failures(document, contract_gate_context(document, published, at)),
        stricter=stricter_fields(published, document) if published else (),
        is_new=contract is None or contract.state == ContractState.PROVISIONING,
    )


def refuse_unpublishable(*, document: ContractDocument, base: int | None, at: datetime) -> None:
    """Raise what publishing would raise at a moment because of base or gates. Changes nothing."""
    contract = _find_contract(document.contract.slug)
    published = contract.revision if contract else None
    before = document_of(published)
    earlier = contract.revisions.filter(number=base).first() if contract and base else None
    _refuse_other_base(base, published, earlier, before)
    failures = contract_failures(document, contract_gate_context(document, before, at))
    if failures:
        raise GatesClosedError(failures)


def publish_contract(
    *,
    document: ContractDocument,
    base: int | None,
    by: UUID | None,
    at: datetime,
    note: str = "",
    approval: Approval | None = None,
) -> Published:
    """Publish a contract's document; a new contract gets its schema first and its hosts last.

    `base` is the number of the revision that the document was made from, None for a new contract;
    `by` is the operator, None for the command line of the deployment's owner. The schema is made
    over the owner's connection, outside the transaction of the revision: each step can be repeated
    after an interruption, and the contract answers only once the last one is done. What was done
    of a new contract is recorded step by step (`tenants.provisioning_runs`). `approval` is the
    second person's, where what is published asks for one. Records `contract.published`. Raises
    GatesClosedError, PublishedMeanwhileError, ApprovalNeededError and ArchivedError.
    Call it outside a transaction and without a contract in the context.
    """
    contract = _find_contract(document.contract.slug)
    authorship = Authorship(by, note, approval)
    if contract is not None and contract.state != ContractState.PROVISIONING:
        return _publish(contract, document, authorship, base=base, at=at)
    failures = contract_failures(document, contract_gate_context(document, None, at))
    if failures:
        raise GatesClosedError(failures)
    run = begin_run(document=document, note=note, by=by, at=at)
    with recorded_step(run, ProvisioningStepName.RESERVED):
        contract = _reserve(document)
    with recorded_step(run, ProvisioningStepName.SCHEMA):
        ensure_schema(contract)
    try:
        with recorded_step(run, ProvisioningStepName.IN_FORCE):
            return _publish(contract, document, authorship, base=base, at=at)
    finally:
        settle_runs(slug=contract.slug, at=at)  # somebody else may have been faster


def _publish(
    contract: Contract,
    document: ContractDocument,
    authorship: Authorship,
    *,
    base: int | None,
    at: datetime,
) -> Published:
    """Put a document in force for a contract that has its schema, in one transaction."""
    with transaction.atomic():
        contract = _hold(contract)
        published = contract.revision
        if published and published.digest == digest_of(document):
            return Published(contract, published, changed=False)
        before = document_of(published)
        earlier = contract.revisions.filter(number=base).first() if base else None
        _refuse_other_base(base, published, earlier, before)
        refuse_without_approval(published, authorship)
        hold_logos(document.brand)
        # Of two contracts that take the same sender at once the gate sees the first one.
        hold_turn("configuration.sender", document.brand.sender_address.lower())
        failures = contract_failures(document, contract_gate_context(document, before, at))
        if failures:
            raise GatesClosedError(failures)
        revision = ContractRevision.objects.create(
            contract=contract,
            number=published.number + 1 if published else 1,
            document=to_json(document),
            digest=digest_of(document),
            base_number=base,
            published_at=at,
            published_by=authorship.by,
            approved_by=authorship.approved_by,
            note=authorship.note,
        )
        _put_in_force(contract, revision, document, before, at)
        record(
            "contract.published",
            contract_id=contract.id,
            actor_id=authorship.by,
            subject=("contract_revision", revision.id),
            data={
                **_event_data(revision, difference(before, document)),
                "policy_epoch": contract.policy_epoch,
                **authorship.facts(),
            },
            at=at,
        )
        registry.announce()
    return Published(contract, revision, changed=True)


def plan_deployment(*, document: DeploymentDocument, at: datetime) -> Plan:
    """Say what publishing the deployment's document would change. Changes nothing itself."""
    revision = find_deployment_revision()
    published = read_deployment_revision(revision) if revision else None
    return Plan(
        base=revision.number if revision else None,
        changes=difference(published, document),
        failures=deployment_failures(document, deployment_gate_context(document, at)),
        stricter=stricter_fields(published.defaults, document.defaults) if published else (),
        is_new=revision is None,
    )


def publish_deployment(
    *, document: DeploymentDocument, base: int | None, by: UUID | None, at: datetime, note: str = ""
) -> PublishedDeployment:
    """Publish the deployment's document: as `publish_contract`, without a schema.

    Records `deployment.published`. Raises `GatesClosedError` and `PublishedMeanwhileError`.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_DEPLOYMENT_LOCK])
        published = find_deployment_revision()
        if published and published.digest == digest_of(document):
            return PublishedDeployment(published, changed=False)
        before = read_deployment_revision(published) if published else None
        earlier = find_deployment_revision(base) if base else None
        _refuse_other_base(base, published, earlier, before)
        hold_logos(*document.brands())
        failures = deployment_failures(document, deployment_gate_context(document, at))
        if failures:
            raise GatesClosedError(failures)
        revision = DeploymentRevision.objects.create(
            number=published.number + 1 if published else 1,
            document=to_json(document),
            digest=digest_of(document),
            base_number=base,
            published_at=at,
            published_by=by,
            note=note,
        )
        record(
            "deployment.published",
            actor_id=by,
            subject=("deployment_revision", revision.id),
            data=_event_data(revision, difference(before, document)),
            at=at,
        )
        registry.announce()
    return PublishedDeployment(revision, changed=True)


def _find_contract(slug: str) -> Contract | None:
    return Contract.objects.select_related("revision").filter(slug=slug).first()


def _hold(contract: Contract) -> Contract:
    """Lock a contract that is to be published: one change of it at a time."""
    contract = Contract.objects.select_for_update(of=("self",)).get(pk=contract.pk)
    if contract.state in {ContractState.ARCHIVED, ContractState.DELETED}:
        raise ArchivedError
    return contract


def _reserve(document: ContractDocument) -> Contract:
    """Make the row of a new contract, which stays when a later step fails."""
    slug = document.contract.slug
    # Not get_or_create: the library's save() looks for the schema name first and raises when
    # another deployer has just made the same contract. The insert leaves that to the database.
    new = Contract(slug=slug, name=document.contract.name, schema_name=schema_name_for(slug))
    Contract.objects.bulk_create([new], ignore_conflicts=True)
    return Contract.objects.get(slug=slug)


def _refuse_other_base(
    base: int | None,
    published: ContractRevision | DeploymentRevision | None,
    earlier: ContractRevision | DeploymentRevision | None,
    published_document: ContractDocument | DeploymentDocument | None,
) -> None:
    number = published.number if published else None
    if base == number:
        return
    changes: tuple[Change, ...] = ()
    if published_document is not None:
        reads = type(published_document)
        base_document = reads.model_validate(earlier.document) if earlier else None
        changes = difference(base_document, published_document)
    raise PublishedMeanwhileError(base, number, changes)


def _put_in_force(
    contract: Contract,
    revision: ContractRevision,
    document: ContractDocument,
    before: ContractDocument | None,
    at: datetime,
) -> None:
    former, contract.revision = contract.revision, revision
    contract.name = document.contract.name
    # What this version cannot read may have been less strict: sessions end as if it had.
    if former and (before is None or stricter_fields(before, document)):
        contract.policy_epoch += 1
    if contract.state == ContractState.PROVISIONING:
        contract.state = ContractState.READY
        contract.ready_at = at
        end_runs(slug=contract.slug, digest=revision.digest, at=at)
    # An update: saving a tenant does more than write its row.
    Contract.objects.filter(pk=contract.pk).update(
        revision=revision,
        name=contract.name,
        policy_epoch=contract.policy_epoch,
        state=contract.state,
        ready_at=contract.ready_at,
    )
    _set_hosts(contract, document)


def _set_hosts(contract: Contract, document: ContractDocument) -> None:
    wanted: dict[str, HostKind] = {}
    if document.hosts.primary:
        wanted[document.hosts.primary] = HostKind.PRIMARY
    wanted.update(dict.fromkeys(document.hosts.aliases, HostKind.ALIAS))
    wanted.update(dict.fromkeys(document.hosts.redirects, HostKind.REDIRECT))
    present = dict(Host.objects.filter(tenant=contract).values_list("domain", "kind"))
    gone = [domain for domain, kind in present.items() if wanted.get(domain) != kind]
    Host.objects.filter(tenant=contract, domain__in=gone).delete()
    new = [
        Host(tenant=contract, domain=domain, kind=kind, is_primary=kind == HostKind.PRIMARY)
        for domain, kind in wanted.items()
        if present.get(domain) != kind
    ]
    try:
        with transaction.atomic():
            Host.objects.bulk_create(new)
    except IntegrityError as error:  # another contract took the host since the gates looked
        failure = GateFailure("hosts_are_free", "hosts", "A host was taken by another contract.")
        raise GatesClosedError([failure]) from error


def _event_data(
    revision: ContractRevision | DeploymentRevision, changes: Sequence[Change]
) -> dict[str, object]:
    """The fields that changed, by name only: values may be addresses of people."""
    fields = sorted({change.field.partition("[")[0] for change in changes})
    return {
        "revision": revision.number,
        "base": revision.base_number,
        "digest": revision.digest,
        "fields": fields[:_MOST_FIELDS_IN_EVENT],
    }
